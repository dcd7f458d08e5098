/**
 * The workflow as pure functions: state and fact in, decision out as data (architecture.md §5.4). Whoever calls
 * carries the decision out.
 *
 * copy → plugin → upload → delete → cleanup → completed. A step that goes wrong passes over what cannot make
 * sense any more and goes straight to delete; delete and cleanup always run.
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
  /** What became of the steps so far, in their order. */
  readonly outcomes: readonly StepOutcome[];
}

/** Something that became known about a workflow. */
export type Fact =
  /** The step is over. */
  | { readonly kind: "stepEnded"; readonly outcome: StepOutcome }
  /** All logs are proven stored and all containers are deleted. */
  | { readonly kind: "cleanedUp" };

/** One line of the workflow's history, and one workflow event. */
export interface Transition {
  readonly step: WorkflowStep;
  readonly stepStatus: string;
  readonly status: WorkflowStatus;
  readonly error: string | null;
}

/** What follows from a fact. */
export type Decision =
  /** Nothing: `why` says so in a sentence. */
  | { readonly kind: "ignore"; readonly why: string }
  /** The workflow stands at `flow` now; `transitions` go out in this order; `order` is to be carried out. */
  | {
    readonly kind: "advance";
    readonly flow: Flow;
    readonly transitions: readonly Transition[];
    readonly order: { readonly start: JobType } | { readonly cleanUp: true } | null;
  };

/** The state of a workflow that was just accepted, and the transition that announces it. */
export function begin(): { flow: Flow; transition: Transition } {
  return {
    flow: { step: "copy", status: "running", outcomes: [] },
    transition: { step: "copy", stepStatus: "started", status: "running", error: null },
  };
}

/** Decides what follows from a fact. A fact that was already known, or comes too late, is ignored. */
export function advance(flow: Flow, fact: Fact): Decision {
  if (flow.status !== "running") return { kind: "ignore", why: `the workflow is over: ${flow.status}` };
  return fact.kind === "cleanedUp" ? complete(flow) : afterStep(flow, fact.outcome);
}

function afterStep(flow: Flow, outcome: StepOutcome): Decision {
  if (outcome.step !== flow.step) {
    return { kind: "ignore", why: `${outcome.step} is not the current step ${flow.step}` };
  }
  const outcomes = [...flow.outcomes, outcome];
  const step = stepAfter(outcome);
  const ended: Transition = {
    step: outcome.step,
    stepStatus: outcome.result,
    status: "running",
    error: outcome.error ?? null,
  };
  const started: Transition = { step, stepStatus: "started", status: "running", error: null };
  return {
    kind: "advance",
    flow: { step, status: "running", outcomes },
    transitions: [ended, started],
    order: step === "cleanup" ? { cleanUp: true } : { start: step },
  };
}

/** Which step follows: a copy or plugin that went wrong leaves nothing to upload. */
function stepAfter(outcome: StepOutcome): JobType | "cleanup" {
  const went = outcome.result === "finishedSuccessfully" || outcome.result === "skipped";
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
  const status = verdict(flow.outcomes);
  const completed: Transition = {
    step: "completed",
    stepStatus: "finishedSuccessfully",
    status,
    error: troubles(flow.outcomes),
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
