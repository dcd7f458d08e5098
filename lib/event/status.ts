/**
 * The status event: the shape in which a container's state travels from the runtime to the browser.
 *
 * @module
 */
import { z } from "@zod/zod";

/** The containers a job may have, one per step (wire.md §2). */
export const JOB_TYPES = ["copy", "plugin", "upload", "delete"] as const;

/** Which of a job's containers an event is about. */
export const JobType = z.enum(JOB_TYPES);
/** Which of a job's containers an event is about. */
export type JobType = z.infer<typeof JobType>;

/** States a container can be in, in the order in which they may follow each other. */
export const JobStatus = z.enum([
  "notStarted",
  "started",
  "finishedSuccessfully",
  "finishedWithError",
  "undefined",
]);
/** States a container can be in. */
export type JobStatus = z.infer<typeof JobStatus>;

/** What a confirmation says: the state it confirms is durable in Postgres. */
export const ConfirmedStatus = z.enum([
  "confirmed_finishedSuccessfully",
  "confirmed_finishedWithError",
  "confirmed_undefined",
]);
/** What a confirmation says: the state it confirms is durable in Postgres. */
export type ConfirmedStatus = z.infer<typeof ConfirmedStatus>;

/** Why a container ended as it did, in a code for programs and a sentence for people (wire.md §7). */
export const Reason = z.object({
  code: z.enum([
    "exit",
    "oom-killed",
    "image-pull",
    "config",
    "evicted",
    "deadline",
    "node-lost",
    "vanished",
    "rejected-by-pfcon",
    "start-failed",
  ]),
  text: z.string(),
});
/** Why a container ended as it did. */
export type Reason = z.infer<typeof Reason>;

/** Everything a status event may say: a state, or the confirmation of one. */
const AnyStatus = z.enum([...JobStatus.options, ...ConfirmedStatus.options]);

/** A status event as it stands in the `data` field of `stream:job-status:{shard}` (wire.md §2). */
export const StatusEvent = z.object({
  event_id: z.string().min(1),
  job_id: z.string().min(1),
  job_type: JobType,
  status: AnyStatus,
  previous_status: AnyStatus.nullable().default(null),
  image: z.string().default(""),
  cmd: z.string().default(""),
  message: z.string().default(""),
  exit_code: z.int().nullable().default(null),
  timestamp: z.iso.datetime({ offset: true }),
  source: z.enum(["docker", "kubernetes"]),
  /** Docker: 64 hex digits; Kubernetes: the pod's uid. Absent in events of the reference implementation. */
  container_id: z.string().optional(),
  reason: Reason.nullable().optional(),
});
/** A status event as it stands in the `data` field of `stream:job-status:{shard}`. */
export type StatusEvent = z.infer<typeof StatusEvent>;

/** Whether a container in this state will never change again. */
export function isTerminal(
  status: string,
): status is "finishedSuccessfully" | "finishedWithError" | "undefined" {
  return status === "finishedSuccessfully" || status === "finishedWithError" || status === "undefined";
}

/** Whether a status event is a confirmation (`confirmed_*`), which reports no new state. */
export function isConfirmation(status: string): status is ConfirmedStatus {
  return status.startsWith("confirmed_");
}
