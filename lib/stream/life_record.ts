/**
 * Cursor with the data (architecture.md §5.2), for status events: events, and the record that they were
 * published, are written by one script. A call that is repeated after a failure, by a restart or by another
 * replica therefore neither loses nor doubles anything.
 *
 * The script also counts publications, and refuses when fewer are counted than this forwarder knows of: then Redis
 * lost some, and whatever is told next must begin with what it lost, or a reader sees a job's states out of order,
 * and counting on would hide the loss.
 *
 * @module
 */
import type { Redis } from "ioredis";
import { KEPT_GONE_SECONDS, KEPT_SECONDS, redisCall, redisScript, type Script } from "./redis_script.ts";
import { Solo } from "./solo.ts";

/** The states of one container's life, with their event ids, in order. */
export interface LifeBatch {
  readonly containerId: string;
  readonly stream: string;
  readonly maxlen: number;
  readonly events: readonly { readonly id: string; readonly data: string }[];
  /** What must be known to report the container as vanished; null if its life is over. */
  readonly live: string | null;
  /** The trace that its entries carry on (`lib/run/trace.ts`), if any. */
  readonly traceparent?: string | undefined;
}

/** Redis has lost publications: all containers must be told again, in order, before anything else is. */
export class PublicationsLostError extends Error {
  override readonly name = "PublicationsLostError";

  constructor(containerId: string) {
    super(`Cannot publish states of container "${containerId}": redis lost earlier publications`);
  }
}

// What fails leaves what was done: first the event, then the note that it is there.
// Only who has something new to say may call a container alive: a replica that lags behind must not.
const PUBLISH_LIFE = `
local trace = table.remove(ARGV)
local more = trace ~= '' and {'traceparent', trace} or {}
local count = tonumber(redis.call('GET', KEYS[4]) or '0')
if count < tonumber(ARGV[5]) then return {0, -1} end
local added = 0
for i = 6, #ARGV, 2 do
  if redis.call('SISMEMBER', KEYS[2], ARGV[i]) == 0 then
    redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[4], '*', 'data', ARGV[i + 1], unpack(more))
    redis.call('SADD', KEYS[2], ARGV[i])
    added = added + 1
  end
end
redis.call('EXPIRE', KEYS[2], ARGV[3])
if ARGV[2] == '' then redis.call('HDEL', KEYS[3], ARGV[1])
elseif added > 0 then redis.call('HSET', KEYS[3], ARGV[1], ARGV[2]) end
if added > 0 then count = redis.call('INCR', KEYS[4]) end
return {added, count}`;

const PUBLISH_VANISHED = `
local trace = table.remove(ARGV)
local more = trace ~= '' and {'traceparent', trace} or {}
local count = tonumber(redis.call('GET', KEYS[4]) or '0')
if count < tonumber(ARGV[5]) then return {0, -1} end
if redis.call('HGET', KEYS[3], ARGV[1]) ~= ARGV[2] then return {0, count} end
local added = 1 - redis.call('SISMEMBER', KEYS[2], ARGV[6])
if added == 1 then
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[4], '*', 'data', ARGV[7], unpack(more))
  redis.call('SADD', KEYS[2], ARGV[6])
  count = redis.call('INCR', KEYS[4])
end
redis.call('HDEL', KEYS[3], ARGV[1])
redis.call('EXPIRE', KEYS[2], ARGV[3])
return {added, count}`;

/** What the event forwarder has published of each container. Every method throws {@link OutageError}. */
export class LifeRecord {
  readonly #redis: Redis;
  readonly #publish: Script;
  readonly #publishVanished: Script;
  readonly #liveKey: string;
  readonly #countKey: string;
  /** Publications that Redis has counted, as far as it told; 0 after a loss, until the next answer. */
  #known = 0;
  #era = 0;
  /**
   * One publication at a time, so that each is sent knowing of the one before. Of two on their way together, the second
   * could reach a Redis that has lost the first meanwhile, and be counted in its place.
   */
  readonly #turns = new Solo();

  /** `name`: that of the forwarder; those of one name share what they know of containers whose end is awaited. */
  constructor(redis: Redis, name: string) {
    this.#liveKey = `chris:event-forwarder:${name}:live`;
    this.#redis = redis;
    this.#countKey = `chris:event-forwarder:${name}:publications`;
    this.#publish = redisScript(redis, { name: "chrisPublishLife", keys: 4, lua: PUBLISH_LIFE });
    this.#publishVanished = redisScript(redis, {
      name: "chrisPublishVanished",
      keys: 4,
      lua: PUBLISH_VANISHED,
    });
  }

  /** Containers whose end was not published yet, with what was noted of them. */
  async allLive(): Promise<Record<string, string>> {
    return await redisCall("list live containers", () => this.#redis.hgetall(this.#liveKey));
  }

  /** Of these, the containers of which something was published; the record of each is kept for another while. */
  async told(containerIds: readonly string[]): Promise<ReadonlySet<string>> {
    if (containerIds.length === 0) return new Set();
    const renewals = containerIds.map((id) => ["expire", publishedKey(id), KEPT_SECONDS]);
    const replies = await redisCall("look up published containers", async () => {
      const answers = await this.#redis.pipeline(renewals).exec();
      const fault = answers?.find(([error]) => error)?.[0];
      if (fault) throw fault;
      return answers ?? [];
    });
    return new Set(containerIds.filter((_, index) => replies[index]?.[1] === 1));
  }

  /**
   * Whether Redis has lost publications: those of this forwarder, and those that were there when it first asked. Until
   * {@linkcode beginAnew} nothing is published then.
   */
  async hasLost(): Promise<boolean> {
    const known = this.#known;
    const count = Number(await redisCall("count publications", () => this.#redis.get(this.#countKey)) ?? 0);
    if (count < known) return true;
    this.#known = Math.max(this.#known, count);
    return false;
  }

  /** Publishes again, whatever was lost; all that there is to tell is about to be told in order. */
  beginAnew(): void {
    this.#known = 0;
    this.#era++;
  }

  /** How often it began anew. Whoever looks at a container notes it before, and publishes within it. */
  get era(): number {
    return this.#era;
  }

  /** What was noted of a container whose end was not published yet, else null. */
  async live(containerId: string): Promise<string | null> {
    return await redisCall("look up a live container", () => this.#redis.hget(this.#liveKey, containerId));
  }

  /**
   * Publishes those events that were not published before. Returns how many.
   *
   * @throws {PublicationsLostError} having published nothing, also if `era` has passed: then it is not its turn.
   */
  async publish(batch: LifeBatch, era: number = this.#era): Promise<number> {
    return await this.#send(this.#publish, "publish status events", batch, {
      keptSeconds: KEPT_SECONDS,
      era,
    });
  }

  /**
   * Publishes the end of a container that is gone, unless its end is known or `live` no longer holds.
   *
   * @throws {PublicationsLostError} as {@linkcode publish} does.
   */
  async publishVanished(batch: LifeBatch & { live: string }, era: number = this.#era): Promise<number> {
    const attempt = "publish a vanished container";
    return await this.#send(this.#publishVanished, attempt, batch, { keptSeconds: KEPT_GONE_SECONDS, era });
  }

  async #send(
    script: Script,
    attempt: string,
    batch: LifeBatch,
    { keptSeconds, era }: { keptSeconds: number; era: number },
  ): Promise<number> {
    const { containerId, live, maxlen, traceparent = "" } = batch;
    const events = batch.events.flatMap(({ id, data }) => [id, data]);
    return await this.#turns.alone(async () => {
      if (era !== this.#era) throw new PublicationsLostError(containerId);
      const args = [containerId, live ?? "", keptSeconds, maxlen, this.#known, ...events, traceparent];
      const answer = await redisCall(attempt, () => script(...this.#keys(batch), ...args));
      const [added, count] = (answer as unknown[]).map(Number);
      if (added === undefined || count === undefined || count < 0) {
        throw new PublicationsLostError(containerId);
      }
      this.#known = Math.max(this.#known, count);
      return added;
    });
  }

  #keys({ stream, containerId }: LifeBatch): string[] {
    return [stream, publishedKey(containerId), this.#liveKey, this.#countKey];
  }

  /** Lets the record of a container go that the runtime has forgotten and whose end was published. */
  async forget(containerId: string): Promise<void> {
    await redisCall(
      "let a record go",
      () => this.#redis.expire(publishedKey(containerId), KEPT_GONE_SECONDS),
    );
  }
}

function publishedKey(containerId: string): string {
  return `chris:event-forwarder:published:${containerId}`;
}
