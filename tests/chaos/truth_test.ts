import { assertEquals } from "@std/assert";
import {
  attemptsOf,
  containerName,
  controls,
  ownerOf,
  STEPS,
  stepsRun,
  verdict,
  wasCancelled,
  workflowLines,
} from "./truth.ts";

const text = (end: Parameters<typeof workflowLines>[0]["end"]) =>
  workflowLines({ end }).map(({ step, stepStatus, workflowStatus }) =>
    `${step} ${stepStatus} ${workflowStatus}`
  );

Deno.test("a plugin that succeeds is followed by upload and delete", () => {
  assertEquals(stepsRun({ end: { exit: 0 } }), ["copy", "plugin", "upload", "delete"]);
  assertEquals(verdict({ end: { exit: 0 } }), "finishedSuccessfully");
  assertEquals(text({ exit: 0 }), [
    "copy started running",
    "copy finishedSuccessfully running",
    "plugin started running",
    "plugin finishedSuccessfully running",
    "upload started running",
    "upload finishedSuccessfully running",
    "delete started running",
    "delete finishedSuccessfully running",
    "cleanup started running",
    "cleanup finishedSuccessfully running",
    "completed finishedSuccessfully finishedSuccessfully",
  ]);
});

Deno.test("a plugin that fails leaves nothing to upload", () => {
  assertEquals(stepsRun({ end: { exit: 137 } }), ["copy", "plugin", "delete"]);
  assertEquals(text({ exit: 137 }).slice(2, 5), [
    "plugin started running",
    "plugin finishedWithError running",
    "delete started running",
  ]);
  assertEquals(text({ exit: 137 }).at(-1), "completed finishedSuccessfully finishedWithError");
});

Deno.test("a plugin that cannot be run makes the workflow fail", () => {
  assertEquals(stepsRun({ end: "no-image" }), ["copy", "delete"]);
  assertEquals(verdict({ end: "no-program" }), "failed");
  assertEquals(text("no-image")[3], "plugin not-run running");
});

Deno.test("ownerOf() finds the job and step that containerName() made a name of, and strangers are nobody's", () => {
  const jobs = new Set(["job-1z", "job-1z-copied"]);
  for (const step of STEPS) {
    assertEquals(ownerOf(containerName("job-1z", step), jobs), { jobId: "job-1z", step });
  }
  assertEquals(ownerOf("other-copy", jobs), null);
});

Deno.test("of what was asked, what was accepted took effect, and once however many clicks there were", () => {
  const times = { sentAt: 1, answeredAt: 2 };
  const asked = [
    { action: "cancel", ...times, answers: [{ status: 202, attempt: 1 }, { status: 202, attempt: 1 }] },
    { action: "retry", ...times, answers: [{ status: 202, attempt: 2 }] },
    { action: "cancel", ...times, answers: [{ status: 409, attempt: null }] },
  ] as const;
  assertEquals(controls({ asked }).map(({ action, attempt }) => `${action} ${attempt}`), [
    "cancel 1",
    "retry 2",
  ]);
  assertEquals(attemptsOf({ asked }), 2);
  assertEquals([1, 2].map((attempt) => wasCancelled({ asked }, attempt)), [true, false]);
  assertEquals(attemptsOf({}), 1);
});
