// @ts-check
/**
 * How a job goes, in a headline and the rest of the story. Pure.
 *
 * @module
 */
/** @import { JobState, WorkflowRow } from "./job_state.js" */
/** @import { Flow, JobView } from "./job_view_state.js" */
/** @import { StepView } from "./step_view_state.js" */

/** @typedef {Pick<JobView, "tone" | "headline" | "detail">} Story */

/**
 * The request that the job be cancelled.
 *
 * @param {JobState} job one attempt
 * @returns {WorkflowRow | undefined} its `error` says who asked, and why
 */
export function cancelOf(job) {
  return job.moves.findLast((move) => move.stepStatus === "cancelling");
}

/**
 * The requests that the job be cancelled or retried, in words.
 *
 * @param {JobState} job
 * @returns {{ time: number, text: string }[]}
 */
export function requestsOf(job) {
  return job.moves.filter((move) => move.stepStatus === "cancelling" || move.stepStatus === "retrying").map(
    ({ time, stepStatus, error, attempt }) => {
      const what = stepStatus === "retrying" ? `Attempt ${attempt}, ` : "";
      const said = error ?? (what ? "retried" : "cancelled");
      return { time, text: what ? what + said : capital(said) };
    },
  );
}

/**
 * @param {JobState} job one attempt
 * @param {Flow} flow
 * @param {readonly StepView[]} steps
 * @returns {Story}
 */
export function story(job, flow, steps) {
  const failed = steps.find((step) => step.state === "failed");
  const cause = failed ? phrase(failed) : "";
  const extra = flow.error && !(failed?.why && flow.error.includes(failed.why)) ? flow.error : "";
  switch (flow.status) {
    case "finishedSuccessfully":
      return { tone: "succeeded", headline: "Succeeded", detail: cause ? `But ${cause}` : extra };
    case "finishedWithError":
    case "failed": {
      const why = cause || flow.error || "no reason was given";
      const advice = failed ? adviceFor(job, failed) : "";
      return { tone: "failed", headline: `Failed: ${why}`, detail: cause ? extra || advice : "" };
    }
    case "cancelled":
      return { tone: "cancelled", headline: cancelledBy(job), detail: stoppedText(steps) || cause };
    case "":
      if (job.statuses.length === 0) {
        return { tone: "unknown", headline: "Waiting for the first event", detail: "" };
      }
  }
  return goingOn(job, flow, { steps, cause });
}

/**
 * @param {JobState} job
 * @param {Flow} flow
 * @param {{ steps: readonly StepView[], cause: string }} known
 * @returns {Story}
 */
function goingOn(job, flow, { steps, cause }) {
  if (job.held && flow.step === "cleanup") {
    return { tone: "held", headline: `Held in cleanup: ${job.held}`, detail: cause };
  }
  const doing = activity(steps, flow);
  if (cancelOf(job) || job.snapshot?.cancelling) {
    return { tone: "cancelling", headline: `Cancelling: ${uncapital(doing)}`, detail: cancelledBy(job) };
  }
  if (cause) return { tone: "failed", headline: `Failing: ${cause}`, detail: doing };
  const waitingFor = job.snapshot?.step === flow.step ? job.snapshot.waitingFor : null;
  const [retried = ""] = requestsOf(job).map((request) => request.text);
  return { tone: "running", headline: doing, detail: waitingFor ? `Waiting: ${waitingFor}` : retried };
}

/** @param {JobState} job */
function cancelledBy(job) {
  return capital(cancelOf(job)?.error ?? job.snapshot?.error ?? "cancelled");
}

/** @param {readonly StepView[]} steps */
function stoppedText(steps) {
  const stopped = steps.find((step) => step.state === "stopped");
  return stopped ? `The ${stopped.step} step was stopped` : "";
}

/** @param {string} text */
function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** @param {string} text */
function uncapital(text) {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** @param {StepView} failed */
function phrase({ step, why }) {
  const text = why ?? "failed";
  return /^(exited|could|was|ran|is|ended|failed)\b/.test(text) ? `${step} ${text}` : `${step}: ${text}`;
}

const SEE_LOG = "Its log may say why; Retry runs the job again";
const CORRECT = "It cannot run as it was asked to: correct that and run it as a new job";
const NO_FAULT = "This was no fault of the program; Retry runs the job again";

/** @type {Readonly<Record<string, string>>} what can be done, by the code of a failure's reason */
const ADVICE = {
  "exit": SEE_LOG,
  "deadline": SEE_LOG,
  "oom-killed": "It needed more memory than it was given: run it as a new job with more",
  "image-pull": "Check the image's name and its registry; Retry runs the job again",
  "config": CORRECT,
  "rejected-by-pfcon": CORRECT,
  "evicted": NO_FAULT,
  "node-lost": NO_FAULT,
  "vanished": NO_FAULT,
  "start-failed": NO_FAULT,
};

/**
 * @param {JobState} job one attempt
 * @param {StepView} failed
 * @returns {string} empty if nothing is known that would help
 */
function adviceFor(job, failed) {
  const told = job.statuses.findLast((row) => row.step === failed.step)?.reason?.code;
  return ADVICE[told ?? job.snapshot?.reason ?? ""] ?? "";
}

/**
 * @param {readonly StepView[]} steps
 * @param {Flow} flow
 */
function activity(steps, flow) {
  const running = steps.findLast((step) => step.state === "running");
  if (running) return running.step === "cleanup" ? "Cleaning up" : `Running ${running.step}`;
  return flow.step === "completed" || flow.step === "" ? "Running" : `Scheduling ${flow.step}`;
}
