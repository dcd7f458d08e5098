import { Buffer } from "node:buffer";
import type { Redis } from "ioredis";
import { sleep } from "../../run/sleep.ts";
import type { RedisModel, Reply } from "./redis_model.ts";

/** Brings one command to the server and its answer back; each connection has one command under way. */
export type Carry = (execute: () => Reply, command: string, args: readonly string[]) => Promise<Reply>;

/** Where connections get their way to the server from; a further connection asks for one of its own. */
export type OpenCarry = () => Carry;

/**
 * A connection to the model in the shape of the client that consumers use: those of its methods that they call.
 * Commands are done in the order in which they were given.
 */
export function modelConnection(model: RedisModel, openCarry: OpenCarry): Redis {
  return new ModelConnection(model, openCarry) as unknown as Redis;
}

type Argument = string | number | Buffer | Uint8Array;

class ModelConnection {
  readonly status = "ready";
  readonly #model: RedisModel;
  readonly #openCarry: OpenCarry;
  readonly #carry: Carry;
  #last: Promise<unknown> = Promise.resolve();

  constructor(model: RedisModel, openCarry: OpenCarry) {
    this.#model = model;
    this.#openCarry = openCarry;
    this.#carry = openCarry();
  }

  duplicate(): ModelConnection {
    return new ModelConnection(this.#model, this.#openCarry);
  }

  on(): this {
    return this;
  }

  off(): this {
    return this;
  }

  disconnect(): void {}

  async call(command: string, ...args: readonly Argument[]): Promise<unknown> {
    return asTexts(await this.#send(command, args));
  }

  async callBuffer(command: string, ...args: readonly Argument[]): Promise<unknown> {
    return asBuffers(await this.#send(command, args));
  }

  eval(...args: Argument[]): Promise<unknown> {
    return this.call("EVAL", ...args);
  }

  get(key: string): Promise<unknown> {
    return this.call("GET", key);
  }

  hget(key: string, field: string): Promise<unknown> {
    return this.call("HGET", key, field);
  }

  mget(keys: string[]): Promise<unknown> {
    return this.call("MGET", ...keys);
  }

  del(...keys: string[]): Promise<unknown> {
    return this.call("DEL", ...keys);
  }

  srem(key: string, member: string | number): Promise<unknown> {
    return this.call("SREM", key, member);
  }

  zrem(key: string, member: string): Promise<unknown> {
    return this.call("ZREM", key, member);
  }

  ping(): Promise<unknown> {
    return this.call("PING");
  }

  xgroup(...args: string[]): Promise<unknown> {
    return this.call("XGROUP", ...args);
  }

  xinfo(...args: string[]): Promise<unknown> {
    return this.call("XINFO", ...args);
  }

  async *scanStream({ match }: { match: string }): AsyncGenerator<unknown> {
    const [, keys] = await this.call("SCAN", "0", "MATCH", match) as [string, string[]];
    yield keys;
  }

  /** Reads, and waits for as long as `BLOCK` says if there is nothing. */
  async xread(...args: Argument[]): Promise<unknown> {
    const block = args.indexOf("BLOCK");
    const ms = block < 0 ? 0 : Number(args[block + 1]);
    const over = new AbortController();
    const late = sleep(ms, over.signal).then(() => over.abort());
    for (;;) {
      const changed = this.#model.changed;
      const found = await this.call("XREAD", ...args);
      if (found !== null || over.signal.aborted || ms === 0) {
        over.abort();
        return found;
      }
      await Promise.race([changed, late]);
      await sleep(0); // whoever is stopped meanwhile does not wake
    }
  }

  #send(command: string, args: readonly Argument[]): Promise<Reply> {
    const words = args.map(bytesOf);
    const sent = this.#last.then(() =>
      this.#carry(() => this.#model.execute(command, words), command.toUpperCase(), words)
    );
    this.#last = sent.catch(() => {});
    return sent;
  }
}

/** One byte per character, as the model keeps texts. */
function bytesOf(argument: Argument): string {
  const bytes = typeof argument === "object" ? argument : Buffer.from(String(argument), "utf8");
  return Buffer.from(bytes).toString("latin1");
}

function asBuffers(reply: Reply): unknown {
  if (typeof reply === "string") return Buffer.from(reply, "latin1");
  return Array.isArray(reply) ? reply.map(asBuffers) : statusOr(reply);
}

function asTexts(reply: Reply): unknown {
  if (typeof reply === "string") return Buffer.from(reply, "latin1").toString("utf8");
  return Array.isArray(reply) ? reply.map(asTexts) : statusOr(reply);
}

function statusOr(reply: Reply): unknown {
  return typeof reply === "object" && reply !== null && !Array.isArray(reply) ? reply.ok : reply;
}
