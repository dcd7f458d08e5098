/**
 * A port on 127.0.0.1 on which nothing listens at this moment.
 *
 * It is taken from below the range out of which systems give ports to outgoing connections: there, a client
 * that keeps trying to reach a stopped server can end up connected to itself and block the server's return.
 *
 * @throws {Error} if no free port was found in 200 tries.
 */
export function freePort(random: () => number = Math.random): number {
  let last: unknown;
  for (let tries = 0; tries < 200; tries++) {
    const port = LOWEST + Math.floor(random() * (HIGHEST - LOWEST + 1));
    try {
      requireFreePort(port);
      return port;
    } catch (error) {
      last = error;
    }
  }
  throw new Error(`Cannot find a free port on 127.0.0.1 from ${LOWEST} to ${HIGHEST}`, { cause: last });
}

/** @throws {Deno.errors.AddrInUse} if something listens on this port of 127.0.0.1. */
export function requireFreePort(port: number): void {
  Deno.listen({ hostname: "127.0.0.1", port }).close();
}

const LOWEST = 15_000;
const HIGHEST = 32_000;
