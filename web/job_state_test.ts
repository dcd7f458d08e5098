import { assertEquals } from "@std/assert";
import { NOTHING_KNOWN, withSnapshot, withStatus, withWorkflow } from "./job_state.js";

const started = {
  event_id: "1",
  job_id: "j",
  job_type: "plugin",
  status: "started",
  exit_code: null,
  timestamp: "2026-01-15T12:00:00+00:00",
};
const ended = {
  ...started,
  event_id: "2",
  status: "finishedSuccessfully",
  exit_code: 0,
  timestamp: "2026-01-15T12:01:00.5+00:00",
};

Deno.test("withStatus() takes every state once, however often it is told", () => {
  const once = withStatus(withStatus(NOTHING_KNOWN, started), ended);
  assertEquals(withStatus(once, { ...started }), once);
  assertEquals(once.statuses.map((row) => [row.step, row.status, row.time]), [
    ["plugin", "started", Date.parse("2026-01-15T12:00:00Z")],
    ["plugin", "finishedSuccessfully", Date.parse("2026-01-15T12:01:00.500Z")],
  ]);
});

Deno.test("withStatus() marks the state that a confirmation is about, whichever comes first", () => {
  const confirmation = {
    ...ended,
    event_id: "3",
    status: "confirmed_finishedSuccessfully",
    message: "confirmed",
  };
  const after = withStatus(withStatus(NOTHING_KNOWN, ended), confirmation);
  assertEquals(after.statuses.map((row) => [row.status, row.confirmed]), [["finishedSuccessfully", true]]);
  const before = withStatus(withStatus(NOTHING_KNOWN, confirmation), ended);
  assertEquals(before.statuses.map((row) => [row.status, row.confirmed]), [["finishedSuccessfully", true]]);
});

Deno.test("withStatus() reads the time of a history row from updated_at", () => {
  const { timestamp, ...row } = started;
  const job = withStatus(NOTHING_KNOWN, { ...row, updated_at: timestamp });
  assertEquals(withStatus(job, started), job);
});

Deno.test("withWorkflow() takes every move once", () => {
  const move = {
    current_step: "copy",
    current_step_status: "started",
    workflow_status: "running",
    error: null,
    timestamp: started.timestamp,
  };
  const job = withWorkflow(NOTHING_KNOWN, move);
  assertEquals(withWorkflow(job, { ...move }), job);
  assertEquals(job.moves.length, 1);
});

Deno.test("withSnapshot() finds the reason why a workflow is held, in any form it may have", () => {
  const held = (value: unknown) =>
    withSnapshot(NOTHING_KNOWN, { current_step: "cleanup", status: "running", held: value }).held;
  assertEquals([null, undefined, false, ""].map(held), [null, null, null, null]);
  assertEquals(held("logs of plugin are not stored yet"), "logs of plugin are not stored yet");
  assertEquals(held({ reason: "no proof" }), "no proof");
  assertEquals(held(true), "waiting");
});

Deno.test("events with missing or wrong fields are shown as far as they go and never throw", () => {
  const job = withSnapshot(withWorkflow(withStatus(NOTHING_KNOWN, { exit_code: "x", reason: 5 }), {}), {});
  assertEquals(job.statuses[0]?.exitCode, null);
  assertEquals(job.moves[0]?.error, null);
});
