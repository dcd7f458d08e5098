import { assert, assertEquals } from "@std/assert";
import { ConfirmedStatus, isConfirmation, isTerminal, JobStatus, StatusEvent } from "./status.ts";

Deno.test("isTerminal() is true of the three ends and of no confirmation", () => {
  assertEquals(JobStatus.options.filter(isTerminal), [
    "finishedSuccessfully",
    "finishedWithError",
    "undefined",
  ]);
  assertEquals(ConfirmedStatus.options.filter(isTerminal), []);
});

Deno.test("isConfirmation() is true of confirmations only, and each terminal state has one", () => {
  assertEquals(JobStatus.options.filter(isConfirmation), []);
  const confirmed = JobStatus.options.filter(isTerminal).map((status) => `confirmed_${status}`);
  assertEquals(confirmed.filter(isConfirmation), [...ConfirmedStatus.options]);
});

Deno.test("StatusEvent refuses reasons with a code nobody knows", () => {
  const event = {
    event_id: "x",
    job_id: "job-1",
    job_type: "plugin",
    status: "finishedWithError",
    timestamp: "2026-01-15T12:01:02+00:00",
    source: "docker",
  };
  assert(StatusEvent.safeParse({ ...event, reason: { code: "oom-killed", text: "" } }).success);
  assert(StatusEvent.safeParse({ ...event, reason: null }).success);
  assert(!StatusEvent.safeParse({ ...event, reason: { code: "bad-luck", text: "" } }).success);
});
