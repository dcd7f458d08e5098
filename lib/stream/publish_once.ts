/**
 * Publishes events under a key of their own, so that publishing again after an unclear failure adds nothing and
 * tells where the event went the first time; and under a mark that tells whether Redis still holds what was
 * published before.
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
  /** The trace that its entry carries on (`lib/run/trace.ts`), if any. */
  readonly traceparent?: string | undefined;
}

/**
 * Numbers that grow with each publication; decimal digits, below 2^53. Redis holds the highest under `key`. When it
 * loses anything, it loses the latest of everything, and the mark with it: it then stands below `expected`.
 */
export interface Mark {
  readonly key: string;
  /** The last publication that was noted as done; "0" if there was none. */
  readonly expected: string;
  /** The number of this one; never used twice, and equal to `expected` if there is nothing to publish. */
  readonly next: string;
}

/** Entry ids in order; or, where Redis lost publications and nothing was done, the last one that it still holds. */
export type Published = { readonly entryIds: readonly string[] } | { readonly lostAfter: string };

/** How long a memo is kept after its last publication (seconds): far longer than any retry takes. */
const MEMO_TTL_SECONDS = 86_400;

// Numbers are compared as such but kept as text, which Lua would spoil.
const PUBLISH = `
local held = redis.call('GET', KEYS[1]) or '0'
if tonumber(held) < tonumber(ARGV[2]) then return {held} end
local ids = {}
for i = 1, (#KEYS - 1) / 2 do
  local stream, memo, at = KEYS[2 * i], KEYS[2 * i + 1], 4 + 4 * (i - 1)
  local id = redis.call('HGET', memo, ARGV[at + 1])
  if not id then
    local trace = ARGV[at + 3] ~= '' and {'traceparent', ARGV[at + 3]} or {}
    id = redis.call('XADD', stream, 'MAXLEN', '~', ARGV[at], '*', 'data', ARGV[at + 2], unpack(trace))
    redis.call('HSET', memo, ARGV[at + 1], id)
    redis.call('EXPIRE', memo, ARGV[1])
  end
  ids[i] = id
end
if tonumber(held) < tonumber(ARGV[3]) then redis.call('SET', KEYS[1], ARGV[3]) end
return {held, ids}`;

/**
 * Adds the events to their streams in order, atomically, each once; unless Redis has lost earlier publications,
 * which must go first.
 */
export async function publishOnce(
  redis: Redis,
  publications: readonly Publication[],
  mark: Mark,
): Promise<Published> {
  const keys = [mark.key, ...publications.flatMap(({ stream, memo }) => [stream, memo])];
  const args = publications.flatMap((
    { maxlen, key, data, traceparent = "" },
  ) => [maxlen, key, data, traceparent]);
  const [held, entryIds] = await redis.eval(
    PUBLISH,
    keys.length,
    ...keys,
    MEMO_TTL_SECONDS,
    mark.expected,
    mark.next,
    ...args,
  ) as [string, string[]?];
  return entryIds ? { entryIds } : { lostAfter: held };
}
