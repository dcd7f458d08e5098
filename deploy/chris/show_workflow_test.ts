import { assertEquals, assertMatch } from "@std/assert";
import type { StepView, WorkflowView } from "lib/client/chris_client.ts";
import { duration } from "./duration.ts";
import { exitCodeOf } from "./exit_codes.ts";
import { nextStep } from "./next_step.ts";
import { stepChanges } from "./step_changes.ts";
import { workflowLines } from "./show_workflow.ts";

const NOW = Date.parse("2026-01-15T10:01:00Z");
const paint = (_: string, text: string) => text;

function step(fields: Partial<StepView> = {}): StepView {
  return {
    step: "plugin",
    status: "started",
    started_at: "2026-01-15T10:00:30Z",
    ended_at: null,
    duration_ms: null,
    exit_code: null,
    reason: null,
    waiting_for: null,
    ...fields,
  };
}

function ended(fields: Partial<StepView> = {}): StepView {
  return step({
    status: "finishedWithError",
    ended_at: "2026-01-15T10:00:31Z",
    duration_ms: 1_000,
    ...fields,
  });
}

function view(fields: Partial<WorkflowView> = {}): WorkflowView {
  return {
    job_id: "job-a",
    current_step: "plugin",
    status: "running",
    created_at: "2026-01-15T10:00:00Z",
    updated_at: "2026-01-15T10:00:40Z",
    error: null,
    held: null,
    steps: [step()],
    attempt: 1,
    cancelling: false,
    ...fields,
  };
}

Deno.test("G13 workflowLines() shows steps with their times, and nothing that a terminal would obey", () => {
  const text = "\x1b]0;x\x07\u202e";
  const hostile = view({
    held: text,
    error: text,
    steps: [ended({ step: "copy", reason: { code: "exit", text } }), step({ waiting_for: text })],
  });
  const lines = workflowLines(hostile, { now: NOW, paint });
  assertEquals(lines.length, 5);
  assertMatch(lines[0] ?? "", /^job-a +running +at plugin +1 m 00 s$/);
  assertMatch(lines[1] ?? "", /^ +copy +finishedWithError +1\.0 s/);
  assertMatch(lines[2] ?? "", /^ +plugin +started +30 s +waiting: /);
  assertEquals(/[\p{C}]/u.test(lines.join("")), false);
  const over = workflowLines(view({ status: "failed" }), { now: NOW, paint });
  assertMatch(over[0] ?? "", /^job-a +failed +40 s$/);
  const again = workflowLines(view({ attempt: 2, cancelling: true }), { now: NOW, paint });
  assertMatch(again[0] ?? "", /^job-a +running, being cancelled +at plugin +1 m 00 s +attempt 2$/);
});

Deno.test("nextStep() says what to do about a job that failed or waits, and only then", () => {
  const failed = (fields: Partial<StepView>) =>
    nextStep(view({ status: "finishedWithError", steps: [ended(fields)] }));
  assertEquals([nextStep(view()), nextStep(view({ status: "finishedSuccessfully" }))], [null, null]);
  assertMatch(nextStep(view({ held: "no proof" })) ?? "", /goes on by itself/);
  assertMatch(nextStep(view({ status: "cancelled" })) ?? "", /chris retry job-a/);
  assertMatch(
    nextStep(view({ steps: [step({ waiting_for: "pfcon" })] })) ?? "",
    /tried again.*chris cancel job-a/,
  );
  assertMatch(failed({ exit_code: 2 }) ?? "", /logs job-a --type plugin.*retry job-a/);
  // An attempt begins with copy: pfcon keeps nothing of a workflow that is over.
  for (const said of [nextStep(view({ status: "cancelled" })), failed({ exit_code: 2 })]) {
    assertEquals(/from (?:there|where)/.test(said ?? ""), false, said ?? "");
  }
  assertMatch(failed({ reason: { code: "oom-killed", text: "" } }) ?? "", /--memory-limit/);
  assertMatch(failed({ reason: { code: "image-pull", text: "" } }) ?? "", /could not be pulled/);
  assertMatch(failed({ reason: { code: "node-lost", text: "" } }) ?? "", /no fault of the program: .*retry/);
});

Deno.test("stepChanges() tells what is new, and a step that only grows older is not", () => {
  const first = view({ steps: [step()] });
  assertEquals(stepChanges(null, first).steps.length, 1);
  assertEquals(stepChanges(first, view({ updated_at: "later" })), { steps: [], held: null, over: false });
  const second = view({ status: "failed", held: "no proof", steps: [ended(), step({ step: "delete" })] });
  assertEquals(stepChanges(first, second).steps.map((each) => each.step), ["plugin", "delete"]);
  assertEquals([stepChanges(first, second).held, stepChanges(first, second).over], ["no proof", true]);
  assertEquals([stepChanges(second, second).held, stepChanges(second, second).over], [null, false]);
});

Deno.test("duration() is short at every length, and exitCodeOf() knows every end", () => {
  const spans = [-5, 840, 59_999, 60_000, 3_599_000, 7_800_000];
  assertEquals(spans.map(duration), ["0.0 s", "0.8 s", "59 s", "1 m 00 s", "59 m 59 s", "2 h 10 m"]);
  const ends = ["finishedSuccessfully", "finishedWithError", "failed", "cancelled", "some later word"];
  assertEquals(ends.map(exitCodeOf), [0, 1, 1, 3, 1]);
});
