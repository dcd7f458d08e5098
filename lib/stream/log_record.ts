/**
 * Cursor with the data (architecture.md §5.2), for log lines: lines, and the record that they were published,
 * are written by one script. A call that is repeated after a failure, by a restart or by another replica
 * therefore neither loses nor doubles anything.
 *
 * A stream is trimmed as it grows, read or not. The script therefore refuses lines that would push out others which
 * the log consumers have yet to store: they wait in the runtime, which holds them anyway.
 *
 * @module
 */
import type { Redis } from "ioredis";
import { containerFlushedKey } from "../log_store/flushed_keys.ts";
import { LossWatch } from "./loss_watch.ts";
import { KEPT_GONE_SECONDS, KEPT_SECONDS, redisCall, redisScript, type Script } from "./redis_script.ts";

/** Lines of one container, the cursor they were made from, and the one that counts after them. */
export interface LogBatch {
  readonly containerId: string;
  /** Stream of the job's shard. */
  readonly stream: string;
  readonly maxlen: number;
  /** Encoded log events, in order. */
  readonly entries: readonly string[];
  /** The cursor as it was read; null if there was none. */
  readonly expected: string | null;
  /** Must differ from `expected`. */
  readonly next: string;
  /** Whether nothing more of this container is awaited. */
  readonly closes: boolean;
  /** The trace that its last entry carries on (`lib/run/trace.ts`), if any. */
  readonly traceparent?: string | undefined;
}

/** The stream holds as much that is not stored yet as it may hold: lines wait until there is room. */
export class StreamFullError extends Error {
  override readonly name = "StreamFullError";

  constructor(readonly stream: string, group: string) {
    super(`Cannot publish to ${stream}: ${group} has yet to store what it holds, which is all it may hold`);
  }
}

/** Answer to lines that must wait. No cursor is like it. */
const FULL = "full";

// What the group has yet to acknowledge: all, as long as there is no such group; nothing, if Redis cannot tell.
const PUBLISH_LINES = `
local trace = table.remove(ARGV)
local more = trace ~= '' and {'traceparent', trace} or {}
local current = redis.call('GET', KEYS[2]) or ''
if current ~= ARGV[1] then return current end
local last = #ARGV
local length = redis.call('XLEN', KEYS[1])
if ARGV[6] ~= '' and length > 0 and length + last - 6 > tonumber(ARGV[4]) then
  local unread = length
  for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
    local facts = {}
    for i = 1, #group, 2 do facts[group[i]] = group[i + 1] end
    if facts['name'] == ARGV[6] then unread = facts['lag'] and facts['lag'] + facts['pending'] or 0 end
  end
  if unread > 0 and unread + last - 6 > tonumber(ARGV[4]) then return '${FULL}' end
end
for i = 7, last - 1 do redis.call('XADD', KEYS[1], '*', 'data', ARGV[i]) end
if last > 6 then redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[4], '*', 'data', ARGV[last], unpack(more)) end
redis.call('SET', KEYS[2], ARGV[2], 'EX', ARGV[3])
if ARGV[5] ~= '' then redis.call('HDEL', KEYS[3], ARGV[5]) end
return ARGV[2]`;

const OPEN_LOG = `
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
return 1`;

/** What the log forwarder has published of each container. Every method throws {@link OutageError}. */
export class LogRecord {
  readonly #redis: Redis;
  readonly #group: string;
  readonly #publish: Script;
  readonly #open: Script;
  readonly #openKey: string;
  readonly #losses: LossWatch;

  /**
   * `name`: that of the forwarder; those of one name share what they know of containers whose end is awaited.
   * `group`: the consumers whose unread lines are never trimmed away; `""`: none are spared.
   */
  constructor(redis: Redis, name: string, group = "") {
    this.#group = group;
    this.#openKey = `chris:log-forwarder:${name}:open`;
    this.#redis = redis;
    this.#losses = new LossWatch(redis, `chris:log-forwarder:${name}:mark`);
    this.#publish = redisScript(redis, { name: "chrisPublishLines", keys: 3, lua: PUBLISH_LINES });
    this.#open = redisScript(redis, { name: "chrisOpenLog", keys: 2, lua: OPEN_LOG });
  }

  /** Where publishing of this container stands; null if nothing was published. */
  async cursor(containerId: string): Promise<string | null> {
    return await redisCall("read a log cursor", () => this.#redis.get(cursorKey(containerId)));
  }

  /**
   * The same of many, in their order. Each is kept for another while, and so is the proof that its lines are stored,
   * for the cleanup that asks for it: between the ends of a copy and of its plugin there may be weeks.
   */
  async cursors(containerIds: readonly string[]): Promise<(string | null)[]> {
    if (containerIds.length === 0) return [];
    const keys = containerIds.map(cursorKey);
    return await redisCall("read log cursors", async () => {
      const proofs = containerIds.map(containerFlushedKey);
      await pipelined(this.#redis, [...keys, ...proofs].map((key) => ["expire", key, KEPT_SECONDS]));
      return await this.#redis.mget(keys);
    });
  }

  /**
   * Notes that output of a container is awaited, with what must be known to end its stream without it; or does
   * nothing and returns false because the cursor is not the expected one (any more).
   */
  async open(containerId: string, note: string, expected: string | null): Promise<boolean> {
    const keys = [cursorKey(containerId), this.#openKey];
    return await redisCall(
      "note an open log",
      () => this.#open(...keys, containerId, expected ?? "", note),
    ) === 1;
  }

  /** What was noted of a container whose output is awaited, else null. */
  async note(containerId: string): Promise<string | null> {
    return await redisCall("look up an open log", () => this.#redis.hget(this.#openKey, containerId));
  }

  /** Containers whose output is awaited, with what was noted. */
  async allOpen(): Promise<Record<string, string>> {
    return await redisCall("list the open logs", () => this.#redis.hgetall(this.#openKey));
  }

  /** See {@linkcode LossWatch.hasLost}. */
  async hasLost(): Promise<boolean> {
    return await this.#losses.hasLost();
  }

  /** Takes the note back. `gone`: the runtime has forgotten the container, so its cursor may soon go too. */
  async close(containerId: string, options: { gone: boolean }): Promise<void> {
    await redisCall("close a log", async () => {
      await this.#redis.hdel(this.#openKey, containerId);
      if (options.gone) await this.#redis.expire(cursorKey(containerId), KEPT_GONE_SECONDS);
    });
  }

  /**
   * Publishes all of the batch, or nothing because the cursor is not the expected one (any more): then returns
   * what it is, else null. A batch that had been published already counts as published.
   *
   * @throws {StreamFullError} having published nothing.
   */
  async publish(batch: LogBatch): Promise<{ current: string | null } | null> {
    const current = await redisCall("publish log lines", () =>
      this.#publish(
        batch.stream,
        cursorKey(batch.containerId),
        this.#openKey,
        batch.expected ?? "",
        batch.next,
        KEPT_SECONDS,
        batch.maxlen,
        batch.closes ? batch.containerId : "",
        this.#group,
        ...batch.entries,
        batch.traceparent ?? "",
      ));
    if (current === FULL) throw new StreamFullError(batch.stream, this.#group);
    return current === batch.next ? null : { current: current === "" ? null : String(current) };
  }
}

function cursorKey(containerId: string): string {
  return `chris:log-forwarder:cursor:${containerId}`;
}

async function pipelined(redis: Redis, commands: (string | number)[][]): Promise<void> {
  const replies = await redis.pipeline(commands).exec();
  const fault = replies?.find(([error]) => error)?.[0];
  if (fault) throw fault;
}
