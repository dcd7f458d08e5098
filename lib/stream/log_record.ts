/**
 * Cursor with the data (architecture.md §5.2), for log lines: lines, and the record that they were published,
 * are written by one script. A call that is repeated after a failure, by a restart or by another replica
 * therefore neither loses nor doubles anything.
 *
 * @module
 */
import type { Redis } from "ioredis";
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
}

const PUBLISH_LINES = `
local current = redis.call('GET', KEYS[2]) or ''
if current ~= ARGV[1] then return current end
local last = #ARGV
for i = 6, last - 1 do redis.call('XADD', KEYS[1], '*', 'data', ARGV[i]) end
if last > 5 then redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[4], '*', 'data', ARGV[last]) end
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
  readonly #publish: Script;
  readonly #open: Script;
  readonly #openKey: string;
  readonly #losses: LossWatch;

  /** `name`: that of the forwarder; those of one name share what they know of containers whose end is awaited. */
  constructor(redis: Redis, name: string) {
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

  /** The same of many, in their order; each is kept for another while. */
  async cursors(containerIds: readonly string[]): Promise<(string | null)[]> {
    if (containerIds.length === 0) return [];
    const keys = containerIds.map(cursorKey);
    return await redisCall("read log cursors", async () => {
      await pipelined(this.#redis, keys.map((key) => ["expire", key, KEPT_SECONDS]));
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
        ...batch.entries,
      ));
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
