// @ts-check
/**
 * How a job goes, in a headline and the rest of the story. Pure.
 *
 * @module
 */
/** @import { JobState } from "./job_state.js" */
/** @import { Flow, JobView, StepView } from "./job_view_state.js" */

/** @typedef {Pick<JobView, "tone" | "headline" | "detail">} Story */

/**
 * @param {JobState} job
 * @param {Flow} flow
 * @param {readonly StepView[]} steps
 * @returns {Story}
 */
export function story(job, flow, steps) {
  const failed = steps.find((step) => step.state === "failed");
  const cause = failed ? `${failed.step} ${phrase(failed)}` : "";
  const extra = flow.error && !(failed?.why && flow.error.includes(failed.why)) ? flow.error : "";
  switch (flow.status) {
    case "finishedSuccessfully":
      return { tone: "succeeded", headline: "Succeeded", detail: cause ? `But ${cause}` : extra };
    case "finishedWithError":
    case "failed": {
      const why = cause || flow.error || "no reason was given";
      return { tone: "failed", headline: `Failed: ${why}`, detail: cause ? extra : "" };
    }
    case "cancelled":
      return { tone: "cancelled", headline: "Cancelled", detail: cause || extra };
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
  if (cause) return { tone: "failed", headline: `Failing: ${cause}`, detail: doing };
  const waitingFor = job.snapshot?.step === flow.step ? job.snapshot.waitingFor : null;
  return { tone: "running", headline: doing, detail: waitingFor ? `Waiting: ${waitingFor}` : "" };
}

/** @param {StepView} step that failed */
function phrase(step) {
  const why = step.why ?? "failed";
  return /^(exited|could|was|ended) /.test(why) ? why : `failed: ${why}`;
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
