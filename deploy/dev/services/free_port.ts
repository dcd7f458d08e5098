/**
 * A port on 127.0.0.1 on which nothing listens at this moment. As long as this process lives, no other one gets it here:
 * whoever listens on it may begin a while later, or be away for some time.
 *
 * It is taken from below the range out of which systems give ports to outgoing connections: there, a client
 * that keeps trying to reach a stopped server can end up connected to itself and block the server's return.
 *
 * @throws {Error} if no free port was found in 200 tries.
 */
export function freePort(): number {
  return nextPort();
}

/** Gives out free ports from `first` on: none twice, as each is reserved. */
export function portsFrom(first: number): () => number {
  let next = first;
  return () => {
    let last: unknown;
    for (let tries = 0; tries < 200; tries++) {
      const port = next;
      next = port >= HIGHEST ? LOWEST : port + 1;
      try {
        requireFreePort(port);
        reserve(port);
        return port;
      } catch (error) {
        last = error;
      }
    }
    throw new Error(`Cannot find a free port on 127.0.0.1 from ${LOWEST} to ${HIGHEST}`, { cause: last });
  };
}

/** @throws {Deno.errors.AddrInUse} if something listens on this port of 127.0.0.1. */
export function requireFreePort(port: number): void {
  Deno.listen({ hostname: "127.0.0.1", port }).close();
}

/** What is reserved by this process. */
const reserved: Deno.Listener[] = [];

/**
 * Keeps the port for this process by a listener on another address of the machine, which its end takes away. Systems
 * without such an address reserve nothing. @throws {Deno.errors.AddrInUse} if another process, or this one, has it.
 */
function reserve(port: number): void {
  try {
    reserved.push(Deno.listen({ hostname: "127.0.0.2", port }));
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) throw error;
  }
}

const LOWEST = 15_000;
const HIGHEST = 32_000;

const nextPort = portsFrom(LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST + 1)));
