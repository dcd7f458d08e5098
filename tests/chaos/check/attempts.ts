/**
 * What each attempt at a job must tell. Where a cancellation finds it is chance, and so is how the step ends that it
 * finds; these two are taken from what was told, and nothing else. Whether a job is deleted whose copy was never made
 * depends on whether pfcon was ever asked for the copy: it passes over what it knows nothing of. Pure.
 *
 * @module
 */
import { attemptsOf, type JobTruth, wasCancelled, type WorkflowLine, workflowLines } from "../truth.ts";
import type { Evidence, Told } from "./evidence.ts";

/** An attempt and what chance made of it. */
export interface Attempt {
  /** 1, 2, … */
  readonly number: number;
  /** The step at which a cancellation found it; null if it was not cancelled. */
  readonly cancelledAt: string | null;
  /** How that step ended. */
  readonly endedWith: string;
  /** Whether delete ran; it may be passed over only if copy was. */
  readonly deletes: boolean;
}

/** How a step may end that is not wanted any more. */
const ENDS = ["finishedSuccessfully", "finishedWithError", "undefined", "skipped", "not-run"];

/** The attempts that there must have been, as the table of workflow events tells of them. */
export function attemptsTold({ observations }: Pick<Evidence, "observations">, truth: JobTruth): Attempt[] {
  const rows: Told[] = observations.tables.job_workflow_events.filter(({ job_id }) => job_id === truth.jobId);
  const begins = rows.flatMap((row, at) => row.current_step_status === "retrying" ? [at] : []);
  return Array.from({ length: attemptsOf(truth) }, (_, index) => {
    const own = rows.slice(index === 0 ? 0 : begins[index - 1] ?? rows.length, begins[index]);
    const at = own.findIndex((row) => row.current_step_status === "cancelling");
    const end = String(own[at + 1]?.current_step_status ?? "");
    const cancelledAt = wasCancelled(truth, index + 1) ? String(own[at]?.current_step ?? "no step") : null;
    const isPassedOver = own.some((row) =>
      row.current_step === "delete" && row.current_step_status === "skipped"
    );
    return {
      number: index + 1,
      cancelledAt,
      endedWith: ENDS.includes(end) ? end : "any end",
      deletes: !(isPassedOver && cancelledAt === "copy" && end === "skipped"),
    };
  });
}

/** Every line that the attempt must tell, in order. */
export function linesOfAttempt(
  truth: JobTruth,
  { number, cancelledAt, endedWith, deletes }: Attempt,
): WorkflowLine[] {
  const line = (step: string, stepStatus: string, workflowStatus = "running") => ({
    step,
    stepStatus,
    workflowStatus,
  });
  const all = workflowLines(truth).map((one) =>
    one.step === "delete" && one.stepStatus !== "started" && !deletes
      ? { ...one, stepStatus: "skipped" }
      : one
  );
  const begin = number === 1 ? [] : [line("copy", "retrying")];
  if (cancelledAt === null) return [...begin, ...all];
  const found = all.findIndex(({ step }) => step === cancelledAt) + 1;
  const end = line("completed", "finishedSuccessfully", "cancelled");
  const rest = ["copy", "plugin", "upload"].includes(cancelledAt)
    ? [line(cancelledAt, endedWith), ...all.slice(all.findIndex(({ step }) => step === "delete"), -1)]
    : all.slice(found, -1);
  return [...begin, ...all.slice(0, found), line(cancelledAt, "cancelling"), ...rest, end];
}
