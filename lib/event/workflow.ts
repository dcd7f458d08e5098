/**
 * The workflow event: where a job's whole life (copy, plugin, upload, delete, cleanup) stands.
 *
 * @module
 */
import { z } from "@zod/zod";

/** The steps of a workflow in their order, and the state after the last one (wire.md §4). */
export const WORKFLOW_STEPS = ["copy", "plugin", "upload", "delete", "cleanup", "completed"] as const;

/** A step of a workflow, or `completed`. */
export const WorkflowStep = z.enum(WORKFLOW_STEPS);
/** A step of a workflow, or `completed`. */
export type WorkflowStep = z.infer<typeof WorkflowStep>;

/** How a whole workflow stands. `failed`: a step could not even be run. */
export const WorkflowStatus = z.enum([
  "running",
  "finishedSuccessfully",
  "finishedWithError",
  "failed",
  "cancelled",
]);
/** How a whole workflow stands. */
export type WorkflowStatus = z.infer<typeof WorkflowStatus>;

/** A workflow event as it stands in the `data` field of `stream:job-workflow:{shard}` (wire.md §4). */
export const WorkflowEvent = z.object({
  event_id: z.string().min(1),
  job_id: z.string().min(1),
  current_step: WorkflowStep,
  current_step_status: z.string(),
  workflow_status: WorkflowStatus,
  error: z.string().nullable().default(null),
  timestamp: z.iso.datetime({ offset: true }),
  /** Which attempt it tells of, from the second on: a job that was retried. */
  attempt: z.int().min(2).optional(),
});
/** A workflow event as it stands in the `data` field of `stream:job-workflow:{shard}`. */
export type WorkflowEvent = z.infer<typeof WorkflowEvent>;
