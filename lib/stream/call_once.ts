/**
 * Scripts whose effect must happen once. A connection that breaks while a script runs sends it again when it is
 * back; the script then answers what it answered the first time.
 *
 * @module
 */
import type { Redis } from "ioredis";
import { Buffer } from "node:buffer";
import { redisCall } from "./redis_script.ts";

/** How long an answer is kept for a connection to come back for it (s). */
const RECEIPT_SECONDS = 600;

/**
 * Runs `script`, a Lua text that returns a table of at most a few thousand strings. Its keys are `keys`, its
 * arguments `args`, as it sees them in `KEYS` and `ARGV`. An empty table says that nothing was done.
 *
 * @throws {OutageError} whatever Redis refuses.
 */
export async function callOnce(
  redis: Redis,
  attempt: string,
  call: { script: string; keys: readonly string[]; args: readonly string[] },
): Promise<string[]> {
  const receipt = `chris:receipt:${crypto.randomUUID()}`;
  const answer = await redisCall(
    attempt,
    () =>
      redis.callBuffer(
        "EVAL",
        guarded(call.script),
        call.keys.length + 1,
        ...call.keys,
        receipt,
        ...call.args,
      ),
  );
  return (answer as unknown[]).map((part) => Buffer.isBuffer(part) ? part.toString() : String(part));
}

function guarded(script: string): string {
  return `
local receipt = table.remove(KEYS)
local answer = redis.call('LRANGE', receipt, 0, -1)
if #answer > 0 then return answer end
local function act()
${script}
end
answer = act()
if #answer > 0 then
  redis.call('RPUSH', receipt, unpack(answer))
  redis.call('EXPIRE', receipt, ${RECEIPT_SECONDS})
end
return answer`;
}
