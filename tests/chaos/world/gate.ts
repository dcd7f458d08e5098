/**
 * A door between one worker and one of its dependencies, which faults close, cut, mute or slow down.
 *
 * @module
 */
import { sleep } from "lib/run/sleep.ts";
import { freePort } from "../../../deploy/dev/services/free_port.ts";

/**
 * How a gate treats connections: `pass` as they are; `refuse` new ones (and cut those there are); `mute` holds
 * back all bytes, and closings, without a word, as a network does that has lost its way, until another mode comes;
 * `delayMs` holds back each piece of data for that long.
 */
export type GateMode = "pass" | "refuse" | "mute" | { readonly delayMs: number };

/** The two sides of a gate. */
export interface GateSides {
  /** Name for messages, such as `redis of task_worker-1`. */
  readonly name: string;
  listen(): Deno.Listener;
  /** Rejects if what is behind the gate does not answer. */
  connect(): Promise<Deno.Conn>;
  /** Made for each connection. @default bytes pass as they are */
  readonly filter?: () => GateFilter;
}

/** Looks into one connection. */
export interface GateFilter {
  /** Told of the bytes that go to the dependency. */
  asked(bytes: Uint8Array): void;
  /** Bytes of an answer; what the worker is to get goes to `give`, now or later. */
  answered(bytes: Uint8Array, give: (bytes: Uint8Array) => void): void;
}

/** The two ends of a connection that goes through. */
interface Ends {
  readonly near: Deno.Conn;
  readonly far: Deno.Conn;
}

/** See the module's description. It listens from the start on, at an address that stays. */
export class Gate implements AsyncDisposable {
  readonly name: string;
  readonly #sides: GateSides;
  readonly #open = new Set<Deno.Conn>();
  #listener: Deno.Listener | null = null;
  #mode: GateMode = "pass";
  #changed = Promise.withResolvers<void>();
  #disposed = false;

  constructor(sides: GateSides) {
    this.name = sides.name;
    this.#sides = sides;
    this.#listener = sides.listen();
    this.#accept(this.#listener);
  }

  get mode(): GateMode {
    return this.#mode;
  }

  /** From now on so. Connections that were muted go on with what was held back, late as it is. */
  async set(mode: GateMode): Promise<void> {
    this.#mode = mode;
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
    if (mode === "refuse") {
      this.#listener?.close();
      this.#listener = null;
      this.cut();
    } else if (!this.#listener && !this.#disposed) {
      this.#listener = await listenAgain(this.#sides);
      this.#accept(this.#listener);
    }
  }

  /** Cuts the connections there are. */
  cut(): void {
    for (const end of this.#open) close(end);
    this.#open.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    await this.set("refuse");
  }

  async #accept(listener: Deno.Listener): Promise<void> {
    try {
      for await (const near of listener) this.#connect(near);
    } catch { /* closed in the middle of an accept */ }
  }

  async #connect(near: Deno.Conn): Promise<void> {
    this.#open.add(near);
    try {
      await this.#passage();
      const far = await this.#sides.connect();
      this.#open.add(far);
      const filter = this.#sides.filter?.();
      await Promise.all([this.#ask({ near, far }, filter), this.#answer({ near, far }, filter)]);
      this.#forget(far);
    } catch { /* there is nothing behind the gate now, which the worker sees by the cut */ }
    this.#forget(near);
  }

  async #ask(ends: Ends, filter: GateFilter | undefined): Promise<void> {
    await this.#pump(ends.near, ends, async (bytes) => {
      filter?.asked(bytes);
      await writeAll(ends.far, bytes);
    });
  }

  async #answer(ends: Ends, filter: GateFilter | undefined): Promise<void> {
    let writing = Promise.resolve();
    const give = (bytes: Uint8Array) => {
      writing = writing.then(() => writeAll(ends.near, bytes)).catch(() => {});
    };
    await this.#pump(ends.far, ends, async (bytes) => {
      if (!filter) return await writeAll(ends.near, bytes);
      filter.answered(bytes, give);
      await writing;
    });
  }

  async #pump(from: Deno.Conn, ends: Ends, pass: (bytes: Uint8Array) => Promise<void>): Promise<void> {
    const buffer = new Uint8Array(65_536);
    try {
      for (;;) {
        const count = await from.read(buffer);
        await this.#passage();
        if (count === null) break;
        await pass(buffer.slice(0, count));
      }
    } catch { /* one of the ends is gone: so is the other now */ }
    close(ends.near);
    close(ends.far);
  }

  /** Resolves when bytes may go on. */
  async #passage(): Promise<void> {
    while (this.#mode === "mute") await this.#changed.promise;
    if (typeof this.#mode === "object") await sleep(this.#mode.delayMs);
  }

  #forget(end: Deno.Conn): void {
    close(end);
    this.#open.delete(end);
  }
}

/** A gate on a free port of 127.0.0.1 before another port of it. */
export function tcpGate(name: string, target: number): { gate: Gate; port: number } {
  const port = freePort();
  const gate = new Gate({
    name,
    listen: () => Deno.listen({ hostname: "127.0.0.1", port }),
    connect: () => Deno.connect({ hostname: "127.0.0.1", port: target }),
  });
  return { gate, port };
}

/** Its place may be taken for a moment by a connection that leaves. */
async function listenAgain(sides: GateSides): Promise<Deno.Listener> {
  for (let tries = 1;; tries++) {
    try {
      return sides.listen();
    } catch (error) {
      if (tries === 600) throw new Error(`Cannot open the gate "${sides.name}" again`, { cause: error });
      await sleep(100);
    }
  }
}

async function writeAll(to: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await to.write(bytes.subarray(at));
}

function close(end: Deno.Conn): void {
  try {
    end.close();
  } catch { /* it is closed */ }
}
