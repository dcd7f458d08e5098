import { OutageError } from "lib/run/outage_error.ts";
import { sleep } from "lib/run/sleep.ts";

/** Longest that Redis is waited for while somebody waits for an answer of ours (ms). */
const PATIENCE_MS = 5_000;

/** What Redis answers, unless it says nothing for too long, as a server that hangs does. @throws {OutageError} */
export async function inTime<T>(
  doing: string,
  answer: Promise<T>,
  patienceMs: number = PATIENCE_MS,
): Promise<T> {
  const answered = new AbortController();
  const late = sleep(patienceMs, answered.signal).then(() => {
    throw new OutageError("redis", doing, { cause: new Error(`no answer within ${patienceMs} ms`) });
  });
  late.catch(() => {}); // nobody waits for it once there is an answer
  try {
    return await Promise.race([answer, late]);
  } finally {
    answered.abort();
  }
}
