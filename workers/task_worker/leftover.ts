import type { StatusEvent } from "lib/event/status.ts";
import { wireTimestamp } from "lib/event/timestamp.ts";
import type { Compute } from "lib/pfcon/client.ts";
import { isOfEarlierAttempt } from "lib/store/control.ts";
import { type Sql, withOutage } from "lib/store/open.ts";
import { lastEnd } from "lib/store/status_history.ts";
import type { StepTarget } from "./end_step.ts";

/**
 * Whether a container that pfcon knows is one of an earlier attempt at the job: it ended at the moment at which one of
 * that attempt is recorded to have ended. Cleanup removes them, but a pfcon with `REMOVE_JOBS=no` keeps them all.
 */
export async function isLeftover(sql: Sql, target: StepTarget, known: Compute): Promise<boolean> {
  return await leftoverEnd(sql, target, known) !== null;
}

/** How that container ended, as it is recorded; null if it is none of an earlier attempt. */
export async function leftoverEnd(
  sql: Sql,
  { jobId, step }: StepTarget,
  known: Compute,
): Promise<StatusEvent | null> {
  if (known.status === "started" || known.status === "notStarted") return null;
  return await withOutage("look up an earlier end", async () => {
    const end = await lastEnd(sql, jobId, step);
    const isIt = end !== null && moment(known.timestamp) === moment(end.timestamp);
    return isIt && await isOfEarlierAttempt(sql, end) ? end : null;
  });
}

/** In the wire's form; null if it is no time. */
function moment(time: string): string | null {
  try {
    return wireTimestamp(time);
  } catch {
    return null;
  }
}
