/**
 * A container's life → status events. Pure.
 *
 * @module
 */
import { z } from "@zod/zod";
import { statusEventId } from "lib/event/event_id.ts";
import { isTerminal, JobStatus, JobType, type StatusEvent } from "lib/event/status.ts";
import type { ContainerFacts } from "lib/runtime/runtime.ts";

/** What must be known of a container to report, without the runtime, that it vanished. */
export const LiveFacts = z.object({
  job_id: z.string(),
  job_type: JobType,
  image: z.string(),
  cmd: z.string(),
  source: z.enum(["docker", "kubernetes"]),
  container_id: z.string(),
  /** The last state known, and when it was entered. */
  status: JobStatus,
  timestamp: z.string(),
});
/** What must be known of a container to report that it vanished. */
export type LiveFacts = z.infer<typeof LiveFacts>;

/** One event for each state so far, in order; none if the container belongs to no job. */
export function lifeEvents(facts: ContainerFacts): StatusEvent[] {
  const { identity, image, cmd, source, id } = facts;
  if (!identity) return [];
  return facts.life.map(({ status, previous_status, timestamp, exit_code, message, reason }) => ({
    event_id: statusEventId({ ...identity, status, timestamp }),
    ...identity,
    status,
    previous_status,
    image,
    cmd,
    message,
    exit_code,
    timestamp,
    source,
    container_id: id,
    reason,
  }));
}

/** What to note of a container whose last event is `last`; null if its life is over. */
export function liveFacts(last: StatusEvent): LiveFacts | null {
  const { job_id, job_type, image, cmd, source, container_id = "", timestamp } = last;
  const status = JobStatus.safeParse(last.status);
  if (!status.success || isTerminal(status.data)) return null;
  return { job_id, job_type, image, cmd, source, container_id, status: status.data, timestamp };
}

/**
 * The end of a container that is gone and whose end nobody saw. Its time is that of the last state known: the
 * true one is lost, and "now" would differ from teller to teller.
 */
export function vanishedEvent(live: LiveFacts): StatusEvent {
  const { status: previous_status, ...known } = live;
  const fact = { ...known, status: "undefined" as const };
  return {
    event_id: statusEventId(fact),
    ...fact,
    previous_status,
    message: "removed",
    exit_code: null,
    reason: { code: "vanished", text: "was removed before anyone saw how it ended" },
  };
}
