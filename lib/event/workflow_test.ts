import { assert, assertEquals } from "@std/assert";
import { JOB_TYPES } from "./status.ts";
import { WORKFLOW_STEPS, WorkflowEvent } from "./workflow.ts";

Deno.test("WORKFLOW_STEPS has a step for each of a job's containers, in the order they run", () => {
  assertEquals(WORKFLOW_STEPS.slice(0, JOB_TYPES.length), [...JOB_TYPES]);
});

Deno.test("WorkflowEvent has no error unless it says so", () => {
  const event = {
    event_id: "x",
    job_id: "job-1",
    current_step: "completed",
    current_step_status: "finishedSuccessfully",
    workflow_status: "finishedSuccessfully",
    timestamp: "2026-01-15T12:01:02+00:00",
  };
  assertEquals(WorkflowEvent.parse(event).error, null);
  assert(!WorkflowEvent.safeParse({ ...event, workflow_status: "done" }).success);
});
