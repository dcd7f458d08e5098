import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { logEventId, statusEventId, workflowEventId } from "./event_id.ts";

const fact = {
  job_id: "job-1",
  job_type: "plugin",
  status: "started",
  timestamp: "2026-01-15T12:01:02+00:00",
};
const line = {
  job_id: "job-1",
  job_type: "plugin",
  container_name: "job-1",
  stream: "stdout",
  timestamp: "2026-01-15T12:01:02+00:00",
  line: "hello",
};
const step = {
  job_id: "job-1",
  current_step: "copy",
  current_step_status: "started",
  workflow_status: "running",
  error: null,
};

Deno.test("statusEventId() depends on job, type, status and time, and on nothing else", () => {
  const id = statusEventId(fact);
  assertMatch(id, /^[0-9a-f]{24}$/);
  assertEquals(statusEventId({ ...fact, message: "die", exit_code: 3 } as typeof fact), id);
  for (
    const other of [{ job_id: "job-2" }, { job_type: "copy" }, { status: "undefined" }, { timestamp: "x" }]
  ) {
    assertNotEquals(statusEventId({ ...fact, ...other }), id);
  }
});

Deno.test("logEventId() tells equal lines of one moment apart by their count, and leaves the first alone", () => {
  const ids = [undefined, 2, 3].map((repeat) => logEventId(line, repeat));
  assertEquals(new Set(ids).size, 3);
  assertEquals(logEventId(line, 1), ids[0]);
  assertEquals(logEventId({ ...line, line: "hello:2" }), ids[1]);
});

Deno.test("logEventId() depends on the stream and on the container", () => {
  assertNotEquals(logEventId({ ...line, stream: "stderr" }), logEventId(line));
  assertNotEquals(logEventId({ ...line, container_name: "job-1-copy" }), logEventId(line));
});

Deno.test("workflowEventId() tells attempts at a job apart, and leaves the first alone", () => {
  const fact = {
    job_id: "trial-1",
    current_step: "plugin",
    current_step_status: "started",
    workflow_status: "running",
    error: null,
  };
  assertEquals(workflowEventId({ ...fact, attempt: 1 }), workflowEventId(fact));
  const ids = [1, 2, 3].map((attempt) => workflowEventId({ ...fact, attempt }));
  assertEquals(new Set(ids).size, 3);
});

Deno.test("workflowEventId() reads no error as an empty one, and does not look at the time", () => {
  assertEquals(workflowEventId(step), workflowEventId({ ...step, error: "" }));
  assertNotEquals(workflowEventId(step), workflowEventId({ ...step, error: "pull failed" }));
  const timed = { ...step, timestamp: "2026-01-15T12:01:02+00:00" };
  assertEquals(workflowEventId(timed), workflowEventId(step));
});
