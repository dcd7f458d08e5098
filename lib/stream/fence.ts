/**
 * What the owner of a shard does to its stream and consumer group, each refused in the same breath to an owner
 * whose epoch has passed (architecture.md §5.3).
 *
 * @module
 */
import type { Redis } from "ioredis";
import { Buffer } from "node:buffer";
import type { OutageError } from "../run/outage_error.ts";
import { FIRST_ENTRY_ID } from "./entry_id.ts";
import { ACK, BEGIN, DEAD_LETTER, FENCED, NOTE_CRASHES, TAKE } from "./fence_scripts.ts";
import { LeaseLostError, type ShardLease } from "./lease.ts";
import { redisCall } from "./redis_script.ts";
import { parseEntry, type PendingReply, type RawEntry, type RawReply } from "./raw_entry.ts";
import { type Backlog, readBacklog } from "./trim_risk.ts";

export type { RawEntry } from "./raw_entry.ts";

/** A dead letter about to be written (wire.md §5). */
export interface DeadEntry {
  readonly entry: RawEntry;
  readonly reason: string;
  readonly error: string;
  readonly deliveries: number;
  /** When this consumer first saw the entry (ms since 1970). */
  readonly firstSeen: number;
}

/** A key that becomes true together with an acknowledgement. */
export interface Flag {
  readonly key: string;
  readonly ttlSeconds: number;
}

/** There is no stream or no group any more: somebody destroyed it, or Redis forgot it. It has to be made anew. */
export class GroupGoneError extends Error {
  override readonly name = "GroupGoneError";

  constructor(attempt: string, options: { cause: unknown }) {
    super(`Cannot ${attempt}: the stream or its consumer group is gone`, options);
  }
}

/** The next entries of a shard. */
export interface Taken {
  readonly entries: readonly RawEntry[];
  /** Pending ids whose entries the stream no longer holds: trimmed before they were acknowledged. */
  readonly trimmed: readonly string[];
  /** How many entries were trimmed, or deleted, before anyone of the group could take them; told once. */
  readonly unread: number;
}

/**
 * One owner's hold on one shard's stream through its consumer group. Every method may be repeated. All throw
 * an `OutageError` when Redis refuses, {@link GroupGoneError} when there is no group, and those that the fence
 * guards {@link LeaseLostError}.
 */
export class FencedShard {
  readonly #redis: Redis;
  readonly #stream: string;
  readonly #group: string;
  readonly #lease: ShardLease;

  constructor(redis: Redis, options: { stream: string; group: string; lease: ShardLease }) {
    this.#redis = redis;
    this.#stream = options.stream;
    this.#group = options.group;
    this.#lease = options.lease;
  }

  /** Makes the group at the stream's beginning if there is none, so that nothing written before is lost. */
  async ensureGroup(): Promise<void> {
    await groupCall("make the consumer group", async () => {
      await this.#redis.xgroup("CREATE", this.#stream, this.#group, "0", "MKSTREAM").catch((error: Error) => {
        if (!error.message.startsWith("BUSYGROUP")) throw error;
      });
    });
  }

  /**
   * Notes that this owner has begun. How many before it vanished one after the other with nothing acknowledged,
   * and over how many entries owners vanished that handled them alone.
   */
  async begin(): Promise<{ vanished: number; accused: number }> {
    const reply = await this.#call("begin", BEGIN, [this.#unendedKey, this.#crashesKey], []);
    const [begun, accused] = reply as [number, number];
    return { vanished: begun - 1, accused };
  }

  /** Notes that this owner has not vanished; also one whose time has passed may say so. */
  async end(): Promise<void> {
    await redisCall("end", () => this.#redis.srem(this.#unendedKey, this.#lease.epoch));
  }

  /** Id of the last entry handed to anyone of the group. */
  async lastDeliveredId(): Promise<string> {
    const groups = await groupCall(
      "look at the consumer group",
      () => this.#redis.xinfo("GROUPS", this.#stream),
    );
    for (const group of groups as unknown[][]) {
      if (group[group.indexOf("name") + 1] === this.#group) {
        return String(group[group.indexOf("last-delivered-id") + 1]);
      }
    }
    return FIRST_ENTRY_ID;
  }

  /**
   * Takes up to `count` entries after `after`, which is the last one that the caller has: first those pending,
   * whoever had them, then those that nobody has had yet; in order.
   */
  async take(after: string, count: number): Promise<Taken> {
    const reply = await this.#call("take entries", TAKE, [this.#trimmedKey], [this.#group, count, after]);
    const [entries, trimmed, unread, pending] = reply as [RawReply[], Buffer[], number, PendingReply[]];
    const deliveries = new Map(pending.map(([id, , , count]) => [id.toString(), count]));
    return {
      entries: entries.flatMap((entry) => parseEntry(entry, deliveries)),
      trimmed: trimmed.map(String),
      unread,
    };
  }

  /** Acknowledges entries and, in the same step, sets each of `flags` to `1`. */
  async acknowledge(ids: readonly string[], flags: readonly Flag[]): Promise<void> {
    if (ids.length === 0 && flags.length === 0) return;
    const keys = flags.map((flag) => flag.key);
    await this.#call("acknowledge", ACK, [this.#unendedKey, ...keys], [
      this.#group,
      ...flags.map((flag) => flag.ttlSeconds),
      ...ids,
    ]);
  }

  /** Moves an entry to the dead letters, with its original bytes and the reason, and acknowledges it. */
  async deadLetter(dead: DeadEntry, dlq: { stream: string; maxlen: number }): Promise<void> {
    const data = dead.entry.data ??
      Buffer.from(JSON.stringify(dead.entry.fields.map((field) => Buffer.from(field).toString())));
    await this.#call("move an entry to the dead letters", DEAD_LETTER, [dlq.stream], [
      this.#group,
      dlq.maxlen,
      dead.entry.id,
      Buffer.from(data),
      dead.reason,
      dead.error,
      dead.deliveries,
      dead.firstSeen,
      dead.entry.requeuedFrom ?? dead.entry.id,
    ]);
  }

  /** How many owners have vanished while they handled this entry alone. */
  async crashesOf(id: string): Promise<number> {
    return Number(await groupCall("read crashes", () => this.#redis.hget(this.#crashesKey, id)));
  }

  /** Notes how many owners have vanished over an entry, counting this one until it says otherwise; 0 forgets it. */
  async noteCrashes(id: string, count: number): Promise<void> {
    await this.#call("note that an entry is handled alone", NOTE_CRASHES, [this.#crashesKey], [id, count]);
  }

  /** How far the stream's groups are behind, the others included. */
  async backlog(): Promise<Backlog> {
    const [stream, groups] = await groupCall("look at the stream", () =>
      Promise.all([
        this.#redis.xinfo("STREAM", this.#stream),
        this.#redis.xinfo("GROUPS", this.#stream),
      ]));
    return readBacklog(stream as unknown[], groups as unknown[][]);
  }

  /** How many entries the stream has lost before the group had acknowledged them, ever. */
  async trimmed(): Promise<number> {
    return Number(await groupCall("read what was trimmed", () => this.#redis.get(this.#trimmedKey)));
  }

  get #trimmedKey(): string {
    return `chris:trimmed:${this.#group}:${this.#stream}`;
  }

  get #unendedKey(): string {
    return `chris:unended:${this.#group}:${this.#stream}`;
  }

  get #crashesKey(): string {
    return `chris:crashes:${this.#group}:${this.#stream}`;
  }

  async #call(
    attempt: string,
    script: string,
    keys: readonly string[],
    args: (string | number | Buffer)[],
  ): Promise<unknown> {
    const { leaseKey, epochKey, replica, epoch } = this.#lease;
    const answer = await groupCall(attempt, () =>
      this.#redis.callBuffer(
        "EVAL",
        script,
        3 + keys.length,
        leaseKey,
        epochKey,
        this.#stream,
        ...keys,
        replica,
        epoch,
        ...args,
      ));
    if (Buffer.isBuffer(answer) && answer.toString() === FENCED) {
      throw new LeaseLostError(this.#lease, attempt);
    }
    return answer;
  }
}

async function groupCall<T>(attempt: string, call: () => Promise<T>): Promise<T> {
  return await redisCall(attempt, call).catch((error: OutageError) => {
    const { cause } = error;
    if (cause instanceof Error && /NOGROUP|no such key/.test(cause.message)) {
      throw new GroupGoneError(attempt, { cause });
    }
    throw error;
  });
}
