import type { StepView, WorkflowView } from "lib/client/chris_client.ts";

/** What is new about a workflow since it was looked at last (null: never). */
export interface StepChanges {
  /** Steps that began, ended, or wait for something else. */
  readonly steps: readonly StepView[];
  /** Why its containers are kept, if that is new. */
  readonly held: string | null;
  /** Whether it is over now and was not before. */
  readonly over: boolean;
}

/** Compares two looks at a workflow. Pure. */
export function stepChanges(before: WorkflowView | null, after: WorkflowView): StepChanges {
  const known = new Map(before?.steps.map((step) => [step.step, essence(step)]));
  return {
    steps: after.steps.filter((step) => known.get(step.step) !== essence(step)),
    held: after.held !== (before?.held ?? null) ? after.held : null,
    over: after.status !== "running" && (before === null || before.status === "running"),
  };
}

function essence({ status, started_at, ended_at, waiting_for }: StepView): string {
  return JSON.stringify([status, started_at, ended_at, ended_at ? null : waiting_for]);
}
