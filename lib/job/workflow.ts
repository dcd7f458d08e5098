/**
 * The workflow as pure functions: state and fact in, decision out as data (architecture.md §5.4). Whoever calls
 * carries the decision out.
 *
 * copy → plugin → upload → delete → cleanup → completed. A step that goes wrong passes over what cannot make
 * sense any more and goes straight to delete; delete and cleanup always run.
 *
 * A workflow that is cancelled stays `running` until it is over: its current step is stopped, if that does the job's
 * work, then delete and cleanup follow as ever, and its end is `cancelled`. One that ended in any way but success can
 * be retried, which is another attempt at the same job.
 *
 * @module
 */
import type { JobType } from "../event/status.ts";
import type { WorkflowStatus, WorkflowStep } from "../event/workflow.ts";
import { type StepOutcome, troubles, verdict } from "./verdict.ts";

/** Where a workflow stands. */
export interface Flow {
  readonly step: WorkflowStep;
  readonly status: WorkflowStatus;
  /** What became of the steps so far, in their order, in this attempt. */
  readonly outcomes: readonly StepOutcome[];
  /** 1, and one more with each retry. */
  readonly attempt: number;
  /** Whether somebody asked for it to be cancelled. */
  readonly cancelling: boolean;
}

/** Something that became known about a workflow. */
export type Fact =
  /** The step is over. */
  | { readonly kind: "stepEnded"; readonly outcome: StepOutcome }
  /** All logs are proven stored and all containers are deleted. */
  | { readonly kind: "cleanedUp" }
  /** Somebody asks for it to be cancelled; `why` says who and what for. */
  | { readonly kind: "cancelAsked"; readonly why: string }
  /** Somebody asks for another attempt; `why` says who and what for. */
  | { readonly kind: "retryAsked"; readonly why: string };

/** One line of the workflow's history, and one workflow event. */
export interface Transition {
  readonly step: WorkflowStep;
  readonly stepStatus: string;
  readonly status: WorkflowStatus;
  readonly error: string | null;
}

/** What is to be done next. `stop`: end the step's container, if there is one; the step is not wanted any more. */
export type NextDeed = { readonly start: JobType } | { readonly stop: JobType } | { readonly cleanUp: true };

/** What follows from a fact. */
export type Decision =
  /** Nothing: `why` says so in a sentence. */
  | { readonly kind: "ignore"; readonly why: string }
  /** The workflow stands at `flow` now; `transitions` go out in this order; `order` is to be carried out. */
  | {
    readonly kind: "advance";
    readonly flow: Flow;
    readonly transitions: readonly Transition[];
    readonly order: NextDeed | null;
  };

/** The state of a workflow that was just accepted, and the transition that announces it. */
export function begin(): { flow: Flow; transition: Transition } {
  return {
    flow: { step: "copy", status: "running", outcomes: [], attempt: 1, cancelling: false },
    transition: started("copy"),
  };
}

/** Decides what follows from a fact. A fact that was already known, or comes too late, is ignored. */
export function advance(flow: Flow, fact: Fact): Decision {
  if (fact.kind === "retryAsked") return retry(flow, fact.why);
  if (flow.status !== "running") return { kind: "ignore", why: `the workflow is over: ${flow.status}` };
  switch (fact.kind) {
    case "cancelAsked":
      return cancel(flow, fact.why);
    case "cleanedUp":
      return complete(flow);
    case "stepEnded":
      return afterStep(flow, fact.outcome);
  }
}

/** Whether the step does the job's work, so that cancelling ends it. Delete and cleanup are what cancelling leads to. */
export function isStoppable(step: WorkflowStep): step is "copy" | "plugin" | "upload" {
  return step === "copy" || step === "plugin" || step === "upload";
}

function cancel(flow: Flow, why: string): Decision {
  if (flow.cancelling) return { kind: "ignore", why: "the workflow is being cancelled already" };
  return {
    kind: "advance",
    flow: { ...flow, cancelling: true },
    transitions: [{ step: flow.step, stepStatus: "cancelling", status: "running", error: why }],
    order: isStoppable(flow.step) ? { stop: flow.step } : null,
  };
}

function retry(flow: Flow, why: string): Decision {
  if (flow.status === "running") return { kind: "ignore", why: "the workflow is not over" };
  if (flow.status === "finishedSuccessfully") return { kind: "ignore", why: "the workflow has succeeded" };
  return {
    kind: "advance",
    flow: { ...begin().flow, attempt: flow.attempt + 1 },
    transitions: [{ step: "copy", stepStatus: "retrying", status: "running", error: why }, started("copy")],
    order: { start: "copy" },
  };
}

function afterStep(flow: Flow, outcome: StepOutcome): Decision {
  if (outcome.step !== flow.step) {
    return { kind: "ignore", why: `${outcome.step} is not the current step ${flow.step}` };
  }
  const step = stepAfter(outcome, flow.cancelling);
  const ended: Transition = {
    step: outcome.step,
    stepStatus: outcome.result,
    status: "running",
    error: outcome.error ?? null,
  };
  return {
    kind: "advance",
    flow: { ...flow, step, outcomes: [...flow.outcomes, outcome] },
    transitions: [ended, started(step)],
    order: step === "cleanup" ? { cleanUp: true } : { start: step },
  };
}

/** Which step follows: a copy or plugin that went wrong leaves nothing to upload, and nobody wants what is cancelled. */
function stepAfter(outcome: StepOutcome, cancelling: boolean): JobType | "cleanup" {
  const went = !cancelling && (outcome.result === "finishedSuccessfully" || outcome.result === "skipped");
  switch (outcome.step) {
    case "copy":
      return went ? "plugin" : "delete";
    case "plugin":
      return went ? "upload" : "delete";
    case "upload":
      return "delete";
    case "delete":
      return "cleanup";
  }
}

function complete(flow: Flow): Decision {
  if (flow.step !== "cleanup") return { kind: "ignore", why: `cleanup is not the current step ${flow.step}` };
  const status = verdict(flow.outcomes, { cancelled: flow.cancelling });
  const completed: Transition = {
    step: "completed",
    stepStatus: "finishedSuccessfully",
    status,
    error: flow.cancelling ? null : troubles(flow.outcomes), // that a stopped step did not go well is no trouble
  };
  return {
    kind: "advance",
    flow: { ...flow, step: "completed", status },
    transitions: [
      { step: "cleanup", stepStatus: "finishedSuccessfully", status: "running", error: null },
      completed,
    ],
    order: null,
  };
}

function started(step: WorkflowStep): Transition {
  return { step, stepStatus: "started", status: "running", error: null };
}
