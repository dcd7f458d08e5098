import type { Redis } from "ioredis";
import { redisCall } from "../redis_script.ts";

/** What a dead letter says (wire.md §5). */
export interface DeadLetter {
  /** The original bytes. */
  readonly data: string;
  readonly reason: string;
  readonly error: string;
  readonly originStream: string;
  readonly originId: string;
  readonly deliveries: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/**
 * Writes a dead letter for something that has left its stream already, such as a task.
 *
 * @throws {OutageError} whatever Redis refuses.
 */
export async function writeDeadLetter(
  redis: Redis,
  dlq: { stream: string; maxlen: number },
  letter: DeadLetter,
): Promise<void> {
  const fields = {
    data: letter.data,
    reason: letter.reason,
    origin_stream: letter.originStream,
    origin_id: letter.originId,
    ts: String(letter.at),
    error: letter.error,
    deliveries: String(letter.deliveries),
    first_seen: String(letter.at),
  };
  await redisCall("write a dead letter", async () => {
    await redis.xadd(dlq.stream, "MAXLEN", "~", dlq.maxlen, "*", ...Object.entries(fields).flat());
  });
}
