import type { z } from "@hono/zod-openapi";
import type { ControlRecord } from "lib/store/control.ts";
import type { StepRecord, WorkflowRecord } from "lib/store/workflows.ts";
import { workflowView } from "../jobs/views.ts";
import type { AskedView, AttemptView } from "./schemas.ts";

/** All attempts at a job, oldest first, with what was asked while each was the last one. Pure. */
export function attemptViews(
  workflow: WorkflowRecord,
  past: readonly { attempt: number; steps: readonly StepRecord[] }[],
  asked: readonly ControlRecord[],
): z.infer<typeof AttemptView>[] {
  return [...past, { attempt: workflow.attempt, steps: workflow.steps }].map(({ attempt, steps }) => ({
    attempt,
    steps: workflowView({ ...workflow, steps }).steps,
    asked: asked.filter((one) => one.attempt === attempt).map(askedView),
  }));
}

function askedView({ action, step, by, reason, at }: ControlRecord): z.infer<typeof AskedView> {
  return { action, step, by, reason, at: at.toISOString() };
}
