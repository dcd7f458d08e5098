import type { StepView, WorkflowView } from "lib/client/chris_client.ts";

/** What somebody may do about a workflow that failed or waits; null if nothing has to be done. Pure. */
export function nextStep(view: WorkflowView): string | null {
  const job = view.job_id;
  if (view.held) {
    return `its containers are kept until their logs are proven stored; it goes on by itself as soon as they are. ` +
      `If that lasts, look whether the log consumer and the log store are well: deno task chris metrics`;
  }
  if (view.status === "running") {
    const waiting = view.steps.find((step) => !step.ended_at && step.waiting_for);
    return waiting
      ? `nothing: ${waiting.step} is tried again until it works. To give up: ${cancelOf(job)}`
      : null;
  }
  if (view.status === "finishedSuccessfully") return null;
  if (view.status === "cancelled") {
    return `it was cancelled; to run it again: ${retryOf(job)}`;
  }
  const failed = view.steps.find((step) => step.ended_at && step.status !== "finishedSuccessfully");
  return failed ? adviceFor(failed, job) : `see what its steps wrote: deno task chris logs ${job}`;
}

function adviceFor(step: StepView, job: string): string {
  const again = `then run it again: ${retryOf(job)}`;
  switch (step.reason?.code) {
    case "oom-killed":
      return "it needed more memory than it was given: run it as a new job with a larger --memory-limit";
    case "image-pull":
      return `its image could not be pulled: check its name and that the engine can reach the registry, ${again}`;
    case "config":
    case "rejected-by-pfcon":
      return "what it was asked to run cannot work: correct it and run it as a new job";
    case "evicted":
    case "node-lost":
    case "vanished":
    case "start-failed":
      return `this was no fault of the program: ${retryOf(job)}`;
    default:
      return `see what it wrote: deno task chris logs ${job}${
        isJobType(step.step) ? ` --type ${step.step}` : ""
      }; ${again}`;
  }
}

function isJobType(step: string): boolean {
  return ["copy", "plugin", "upload", "delete"].includes(step);
}

const retryOf = (job: string) => `deno task chris retry ${job}`;
const cancelOf = (job: string) => `deno task chris cancel ${job}`;
