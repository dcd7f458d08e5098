/**
 * Publishes events under a key of their own, so that publishing again after an unclear failure adds nothing and
 * tells where the event went the first time.
 *
 * @module
 */
import type { Redis } from "ioredis";

/** An event to publish. */
export interface Publication {
  readonly stream: string;
  readonly maxlen: number;
  /** Hash that remembers what was published; one per job. */
  readonly memo: string;
  /** The event's own key within the memo. */
  readonly key: string;
  /** The entry's `data` field. */
  readonly data: string;
}

/** How long a memo is kept after its last publication (seconds): far longer than any retry takes. */
const MEMO_TTL_SECONDS = 86_400;

const PUBLISH = `
local ids = {}
for i = 1, #KEYS / 2 do
  local stream, memo, at = KEYS[2 * i - 1], KEYS[2 * i], 2 + 3 * (i - 1)
  local id = redis.call('HGET', memo, ARGV[at + 1])
  if not id then
    id = redis.call('XADD', stream, 'MAXLEN', '~', ARGV[at], '*', 'data', ARGV[at + 2])
    redis.call('HSET', memo, ARGV[at + 1], id)
    redis.call('EXPIRE', memo, ARGV[1])
  end
  ids[i] = id
end
return ids`;

/** Adds the events to their streams in order, atomically, each once; returns their entry ids. */
export async function publishOnce(redis: Redis, publications: readonly Publication[]): Promise<string[]> {
  if (publications.length === 0) return [];
  const keys = publications.flatMap(({ stream, memo }) => [stream, memo]);
  const args = publications.flatMap(({ maxlen, key, data }) => [maxlen, key, data]);
  return await redis.eval(PUBLISH, keys.length, ...keys, MEMO_TTL_SECONDS, ...args) as string[];
}
