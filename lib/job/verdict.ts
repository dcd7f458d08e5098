/**
 * The result of a whole workflow, from what became of its steps. Asked once, when cleanup is done.
 *
 * @module
 */
import { isTerminal, type JobStatus, type JobType, type Reason } from "../event/status.ts";
import type { WorkflowStatus } from "../event/workflow.ts";

/**
 * What became of one step.
 * - The three terminal states: its container ended so.
 * - `skipped`: the step was not wanted (pfcon needs no copy or upload, or the workflow passed over it).
 * - `not-run`: it was wanted, but no container of it ever ran: refused by pfcon, its image cannot be had, its
 *   start failed, or pfcon never made it.
 */
export type StepResult = "finishedSuccessfully" | "finishedWithError" | "undefined" | "skipped" | "not-run";

/** A step and what became of it; `error` says why, if it did not go well. */
export interface StepOutcome {
  readonly step: JobType;
  readonly result: StepResult;
  readonly error?: string | null;
}

/** Reasons that say that the step's own program never got to run. */
const NEVER_RAN: ReadonlySet<Reason["code"]> = new Set([
  "image-pull",
  "config",
  "start-failed",
  "rejected-by-pfcon",
]);

/**
 * What the state of a step's container means for its step. A container that could not be started (`reason`
 * says so) is `not-run`, whatever its state: Kubernetes calls it failed, Docker leaves it `notStarted` for ever.
 * Null while the container may still come to an end.
 */
export function stepResult(status: JobStatus, reason: Reason | null = null): StepResult | null {
  if (reason && NEVER_RAN.has(reason.code)) return "not-run";
  return isTerminal(status) ? status : null;
}

/**
 * How the workflow ended. The first row that applies counts; of several outcomes of one step the last counts.
 *
 * | outcomes | verdict |
 * |---|---|
 * | the user cancelled the workflow | `cancelled` |
 * | copy or upload ended in any way but success, or was not run | `failed` |
 * | plugin was not run, or has no outcome, or was skipped | `failed` |
 * | plugin ended with an error, or its end is not known | `finishedWithError` |
 * | delete failed or was not run, everything else went well | `finishedSuccessfully` |
 * | every wanted step succeeded | `finishedSuccessfully` |
 *
 * `finishedWithError` thus says "the plugin ran and its work went wrong", `failed` says "the system could not do
 * its part". A failed delete leaves data behind but spoils no result: it shows in {@linkcode troubles}, which
 * goes into the workflow's `error`, and in the delete step's own state.
 */
export function verdict(
  outcomes: readonly StepOutcome[],
  options: { readonly cancelled?: boolean } = {},
): Exclude<WorkflowStatus, "running"> {
  if (options.cancelled) return "cancelled";
  const last = new Map(outcomes.map((outcome) => [outcome.step, outcome.result]));
  const carried = (step: JobType) =>
    ["finishedSuccessfully", "skipped"].includes(last.get(step) ?? "skipped");
  if (!carried("copy") || !carried("upload")) return "failed";
  switch (last.get("plugin")) {
    case "finishedSuccessfully":
      return "finishedSuccessfully";
    case "finishedWithError":
    case "undefined":
      return "finishedWithError";
    default:
      return "failed";
  }
}

/** One sentence about every step that did not go well, in the order of the outcomes; null if all did. */
export function troubles(outcomes: readonly StepOutcome[]): string | null {
  const last = new Map(outcomes.map((outcome) => [outcome.step, outcome]));
  const sentences = [...last.values()]
    .filter(({ result }) => result !== "finishedSuccessfully" && result !== "skipped")
    .map(({ step, result, error }) => `${step} ${WORDS[result]}${error ? `: ${error}` : ""}`);
  return sentences.length > 0 ? sentences.join("; ") : null;
}

const WORDS: Readonly<Record<StepResult, string>> = {
  finishedSuccessfully: "succeeded",
  finishedWithError: "ended with an error",
  undefined: "ended in a way nobody saw",
  skipped: "was not wanted",
  "not-run": "could not be run",
};
