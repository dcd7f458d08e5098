/**
 * What the owner of a shard does to its stream and consumer group, each refused in the same breath to an owner
 * whose epoch has passed (architecture.md §5.3).
 *
 * @module
 */
import type { Redis } from "ioredis";
import { Buffer } from "node:buffer";
import { FIRST_ENTRY_ID } from "./entry_id.ts";
import { LeaseLostError, type ShardLease } from "./lease.ts";
import { redisCall } from "./redis_script.ts";

/** An entry as it stands in the stream; `data` is null if the entry has no such field. */
export interface RawEntry {
  readonly id: string;
  readonly data: Uint8Array | null;
  /** All fields, for the dead letter of an entry without `data`. */
  readonly fields: readonly Uint8Array[];
}

/** A dead letter about to be written (wire.md §5). */
export interface Burial {
  readonly entry: RawEntry;
  readonly reason: string;
  readonly error: string;
  readonly deliveries: number;
  /** When this consumer first saw the entry (ms since 1970). */
  readonly firstSeen: number;
}

/** What a script answers to an owner whose epoch has passed. */
const FENCED = "fenced";

const GUARD = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] or redis.call('GET', KEYS[2]) ~= ARGV[2] then
  return '${FENCED}'
end`;

// What is pending behind the last entry taken was left by a predecessor, or is ours and its answer got lost with
// the connection: either way it comes before anything new.
const TAKE = `${GUARD}
local left = redis.call('XAUTOCLAIM', KEYS[3], ARGV[3], ARGV[1], 0, '(' .. ARGV[5], 'COUNT', ARGV[4])
if #left[2] > 0 or #left[3] > 0 then return {left[2], left[3]} end
local new = redis.call('XREADGROUP', 'GROUP', ARGV[3], ARGV[1], 'COUNT', ARGV[4], 'STREAMS', KEYS[3], '>')
return {new and new[1][2] or {}, {}}`;

const ACK = `${GUARD}
local flags = #KEYS - 3
for i = 1, flags do redis.call('SET', KEYS[3 + i], '1', 'EX', ARGV[3 + i]) end
local acked = 0
for i = 4 + flags, #ARGV, 1000 do
  acked = acked + redis.call('XACK', KEYS[3], ARGV[3], unpack(ARGV, i, math.min(i + 999, #ARGV)))
end
return acked`;

// The entry is buried only if it is still pending: the same call sent twice buries once.
const BURY = `${GUARD}
if #redis.call('XPENDING', KEYS[3], ARGV[3], ARGV[5], ARGV[5], 1) == 0 then return 0 end
local now = redis.call('TIME')
redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[4], '*', 'data', ARGV[6], 'reason', ARGV[7],
  'origin_stream', KEYS[3], 'origin_id', ARGV[5], 'ts', now[1] .. string.format('%03d', math.floor(now[2] / 1000)),
  'error', ARGV[8], 'deliveries', ARGV[9], 'first_seen', ARGV[10])
return redis.call('XACK', KEYS[3], ARGV[3], ARGV[5])`;

/** A key that becomes true together with an acknowledgement. */
export interface Flag {
  readonly key: string;
  readonly ttlSeconds: number;
}

/** The next entries of a shard. */
export interface Taken {
  readonly entries: readonly RawEntry[];
  /** Pending ids whose entries the stream no longer holds: trimmed before they were handled. */
  readonly trimmed: readonly string[];
}

/**
 * One owner's hold on one shard's stream through its consumer group. Every method may be repeated. All throw
 * an `OutageError` when Redis refuses, and those that the fence guards {@link LeaseLostError}.
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
    await redisCall("make the consumer group", async () => {
      await this.#redis.xgroup("CREATE", this.#stream, this.#group, "0", "MKSTREAM").catch((error: Error) => {
        if (!error.message.startsWith("BUSYGROUP")) throw error;
      });
    });
  }

  /** Id of the last entry handed to anyone of the group. */
  async lastDeliveredId(): Promise<string> {
    const groups = await redisCall(
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
    const reply = await this.#call("take entries", TAKE, [], [this.#group, count, after]);
    const [entries, trimmed] = reply as [RawReply[], Buffer[]];
    return { entries: entries.flatMap((entry) => parseEntry(entry)), trimmed: trimmed.map(String) };
  }

  /** Acknowledges entries and, in the same step, sets each of `flags` to `1`. */
  async acknowledge(ids: readonly string[], flags: readonly Flag[]): Promise<void> {
    if (ids.length === 0 && flags.length === 0) return;
    const keys = flags.map((flag) => flag.key);
    await this.#call("acknowledge", ACK, keys, [
      this.#group,
      ...flags.map((flag) => flag.ttlSeconds),
      ...ids,
    ]);
  }

  /** Moves an entry to the dead letters, with its original bytes and the reason, and acknowledges it. */
  async bury(burial: Burial, dlq: { stream: string; maxlen: number }): Promise<void> {
    const data = burial.entry.data ??
      Buffer.from(JSON.stringify(burial.entry.fields.map((field) => Buffer.from(field).toString())));
    await this.#call("move an entry to the dead letters", BURY, [dlq.stream], [
      this.#group,
      dlq.maxlen,
      burial.entry.id,
      Buffer.from(data),
      burial.reason,
      burial.error,
      burial.deliveries,
      burial.firstSeen,
    ]);
  }

  async #call(
    attempt: string,
    script: string,
    keys: readonly string[],
    args: (string | number | Buffer)[],
  ): Promise<unknown> {
    const { leaseKey, epochKey, replica, epoch } = this.#lease;
    const answer = await redisCall(attempt, () =>
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

type RawReply = [Buffer, Buffer[] | null] | null;

/** An entry whose body was trimmed meanwhile comes without fields; there is nothing left to handle. */
function parseEntry(reply: RawReply): RawEntry[] {
  const [id, fields] = reply ?? [];
  if (!id || !fields) return [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if (fields[i]?.toString() === "data") return [{ id: id.toString(), data: fields[i + 1] ?? null, fields }];
  }
  return [{ id: id.toString(), data: null, fields }];
}
