/**
 * Lines and ends of containers → log events. Pure.
 *
 * @module
 */
import { z } from "@zod/zod";
import { logEventId } from "lib/event/event_id.ts";
import type { LogEvent } from "lib/event/log.ts";
import { JobType } from "lib/event/status.ts";
import { wireTimestamp } from "lib/event/timestamp.ts";
import type { ContainerFacts } from "lib/runtime/runtime.ts";
import type { LogCursor } from "./cursor.ts";
import type { NewLine } from "./log_progress.ts";

/** Whose log it is: all that its events must know, also after the container is gone. */
export const LogSubject = z.object({
  container_id: z.string(),
  container_name: z.string(),
  job_id: z.string(),
  job_type: JobType,
  /** RFC 3339. */
  created_at: z.string(),
  /** RFC 3339; missing as long as it runs. */
  ended_at: z.string().optional(),
});
/** Whose log it is. */
export type LogSubject = z.infer<typeof LogSubject>;

/** Null if the container belongs to no job. */
export function logSubject(facts: ContainerFacts): LogSubject | null {
  return facts.identity && {
    container_id: facts.id,
    container_name: facts.name,
    ...facts.identity,
    created_at: facts.createdAt,
    ...(facts.phase === "ended" && facts.endedAt ? { ended_at: facts.endedAt } : {}),
  };
}

/** The event of a line. */
export function lineEvent(subject: LogSubject, line: NewLine): LogEvent {
  const made = event(subject, line.text, line.stream, wireTimestamp(line.time), line.repeat);
  made.seq = line.seq;
  if (line.lossy) made.lossy = true;
  if (line.truncated !== null) made.truncated = line.truncated;
  if (line.gap) made.gap = true;
  return made;
}

/** The marker after a container's last line. `seq`: how many lines there were; `gap`: that were had, of more. */
export function endOfStreamEvent(
  subject: LogSubject,
  { endedAt, seq, gap = false }: { endedAt: string; seq: number; gap?: boolean },
): LogEvent {
  const marker = { ...event(subject, "", "", wireTimestamp(endedAt), 1), eos: true, seq };
  return gap ? { ...marker, gap } : marker;
}

/**
 * When a vanished container's output ended: at its own end if that was seen, so that the marker is the one that may
 * have been told before Redis forgot it; else, as far as anyone can know, at its last line, or its creation.
 */
export function lastKnownMoment(subject: LogSubject, cursor: LogCursor): string {
  return subject.ended_at ?? Object.values(cursor.at).map(({ latest }) => latest).sort().at(-1) ??
    subject.created_at;
}

function event(
  { job_id, job_type, container_name, container_id }: LogSubject,
  line: string,
  stream: LogEvent["stream"],
  timestamp: string,
  repeat: number,
): LogEvent {
  const fact = { job_id, job_type, container_name, line, stream, timestamp };
  const event_id = logEventId(fact, repeat);
  return { event_id, job_id, job_type, container_name, line, stream, eos: false, timestamp, container_id };
}
