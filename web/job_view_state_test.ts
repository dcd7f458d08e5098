import { assertEquals, assertMatch } from "@std/assert";
import { NOTHING_KNOWN, withSnapshot, withStatus, withWorkflow } from "./job_state.js";
import { requestsOf } from "./job_story.js";
import { spanText, viewOf } from "./job_view_state.js";

const at = (second: number) =>
  new Date(Date.UTC(2026, 0, 15, 12, 0, second)).toISOString().replace(".000Z", "+00:00");
const ms = (second: number) => Date.parse(at(second));

type Fact = ["status", string, string, number, Record<string, unknown>?] | [
  "flow",
  string,
  string,
  string,
  number,
  string?,
];

/** Folds facts in the order given: statuses as [step, status, second], moves as [step, step status, status, second]. */
function jobOf(...facts: Fact[]) {
  return facts.reduce((job, fact) => {
    if (fact[0] === "status") {
      const [, job_type, status, second, more] = fact;
      return withStatus(job, { job_type, status, timestamp: at(second), ...more });
    }
    const [, current_step, current_step_status, workflow_status, second, error = null] = fact;
    return withWorkflow(job, {
      current_step,
      current_step_status,
      workflow_status,
      error,
      timestamp: at(second),
      ...(current_step_status === "retrying" ? { attempt: 2 } : {}),
    });
  }, NOTHING_KNOWN);
}

const states = (job: typeof NOTHING_KNOWN) => viewOf(job).steps.map((step) => step.state).join(" ");

const ran = (step: string, from: number, to: number): Fact[] => [
  ["status", step, "notStarted", from],
  ["status", step, "started", from],
  ["status", step, "finishedSuccessfully", to, { exit_code: 0 }],
];

Deno.test("viewOf() of an unknown job shows five waiting steps", () => {
  assertEquals(states(NOTHING_KNOWN), "waiting waiting waiting waiting waiting");
  assertEquals(viewOf(NOTHING_KNOWN).tone, "unknown");
});

Deno.test("viewOf() follows a job to its success, with each step's times", () => {
  const half = jobOf(["flow", "copy", "notStarted", "running", 0], ...ran("copy", 1, 3), [
    "status",
    "plugin",
    "started",
    4,
  ]);
  assertEquals(states(half), "done running waiting waiting waiting");
  assertEquals([viewOf(half).tone, viewOf(half).headline, viewOf(half).over], [
    "running",
    "Running plugin",
    false,
  ]);
  const copy = viewOf(half).steps[0];
  assertEquals([copy?.from, copy?.to], [ms(1), ms(3)]);
  const whole = jobOf(
    ["flow", "copy", "notStarted", "running", 0],
    ...ran("copy", 1, 3),
    ...ran("plugin", 4, 9),
    ...ran("upload", 10, 11),
    ...ran("delete", 12, 13),
    ["flow", "cleanup", "started", "running", 14],
    ["flow", "completed", "finishedSuccessfully", "finishedSuccessfully", 16],
  );
  const view = viewOf(whole);
  assertEquals(states(whole), "done done done done done");
  assertEquals([view.tone, view.headline, view.over, view.from, view.to], [
    "succeeded",
    "Succeeded",
    true,
    ms(0),
    ms(16),
  ]);
  assertEquals([view.steps[4]?.from, view.steps[4]?.to], [ms(14), ms(16)]);
});

Deno.test("viewOf() tells while the job still runs that a step has failed, and why", () => {
  const job = jobOf(...ran("copy", 1, 2), ["status", "plugin", "started", 3], [
    "status",
    "plugin",
    "finishedWithError",
    4,
    { exit_code: 3, reason: { code: "exit", text: "exited with code 3" } },
  ], ["flow", "delete", "notStarted", "running", 5]);
  const view = viewOf(job);
  assertEquals(states(job), "done failed skipped waiting waiting");
  assertEquals([view.tone, view.headline, view.detail], [
    "failed",
    "Failing: plugin exited with code 3",
    "Scheduling delete",
  ]);
  assertEquals([view.steps[1]?.note, view.steps[1]?.exitCode], ["exit 3", 3]);
});

Deno.test("viewOf() shows the workflow's own error when no container can tell the reason", () => {
  const job = jobOf(
    ["flow", "copy", "notStarted", "running", 0],
    ["flow", "copy", "finishedWithError", "running", 1, "rejected by pfcon: 400 input_dirs is missing"],
    [
      "flow",
      "completed",
      "failed",
      "failed",
      2,
      "copy could not be run: rejected by pfcon: 400 input_dirs is missing",
    ],
  );
  const view = viewOf(job);
  assertEquals(view.steps[0]?.state, "failed");
  assertEquals(view.headline, "Failed: copy: rejected by pfcon: 400 input_dirs is missing");
  assertEquals(view.detail, "");
  const known = withSnapshot(job, {
    current_step: "completed",
    status: "failed",
    steps: [{ step: "copy", reason: { code: "rejected-by-pfcon", text: "rejected by pfcon" } }],
  });
  assertMatch(viewOf(known).detail, /correct that and run it as a new job/);
  const silent = viewOf(jobOf(["flow", "completed", "failed", "failed", 2, "the system gave up"]));
  assertEquals(silent.headline, "Failed: the system gave up");
});

Deno.test("viewOf() calls a container failed that could not be started, whatever the runtime says", () => {
  const job = jobOf(["status", "plugin", "notStarted", 1, {
    reason: { code: "image-pull", text: "image not found" },
  }]);
  assertEquals(viewOf(job).steps[1], {
    step: "plugin",
    state: "failed",
    note: "not run",
    from: null,
    to: ms(1),
    exitCode: null,
    why: "image not found",
    attempts: 1,
  });
});

Deno.test("viewOf() shows an end that nobody saw as a failure of unknown outcome", () => {
  const job = jobOf(["status", "plugin", "started", 1], ["status", "plugin", "undefined", 5]);
  assertEquals([viewOf(job).steps[1]?.state, viewOf(job).steps[1]?.note], ["failed", "outcome unknown"]);
});

Deno.test("viewOf() calls steps skipped that the workflow has passed without a container", () => {
  assertEquals(
    states(jobOf(["status", "plugin", "started", 1], ["flow", "plugin", "started", "running", 1])),
    "skipped running waiting waiting waiting",
  );
});

Deno.test("viewOf() measures cleanup from its beginning to its end", () => {
  const job = jobOf(
    ...ran("plugin", 1, 2),
    ["flow", "cleanup", "started", "running", 3],
    ["flow", "cleanup", "finishedSuccessfully", "running", 7],
    ["flow", "completed", "finishedSuccessfully", "finishedSuccessfully", 7],
  );
  assertEquals([viewOf(job).steps[4]?.from, viewOf(job).steps[4]?.to], [ms(3), ms(7)]);
});

Deno.test("viewOf() says what a step is waiting for, as long as it is the current one", () => {
  const answer = {
    current_step: "plugin",
    status: "running",
    updated_at: at(1),
    steps: [{ step: "plugin", waiting_for: "pfcon answered 503" }],
  };
  const waiting = withSnapshot(jobOf(["flow", "plugin", "started", "running", 1]), answer);
  assertEquals([viewOf(waiting).headline, viewOf(waiting).detail], [
    "Scheduling plugin",
    "Waiting: pfcon answered 503",
  ]);
  const later = withSnapshot(jobOf(["flow", "upload", "started", "running", 2]), answer);
  assertEquals(viewOf(later).detail, "");
});

Deno.test("viewOf() says why cleanup is held", () => {
  const job = withSnapshot(jobOf(...ran("plugin", 1, 2), ["flow", "cleanup", "started", "running", 3]), {
    current_step: "cleanup",
    status: "running",
    updated_at: at(3),
    held: "the log of plugin is not proven stored",
  });
  assertEquals([viewOf(job).tone, viewOf(job).headline], [
    "held",
    "Held in cleanup: the log of plugin is not proven stored",
  ]);
  assertEquals(viewOf(job).steps[4]?.note, "held");
});

Deno.test("viewOf() begins a step anew when it is retried", () => {
  const job = jobOf(
    ["status", "plugin", "started", 1],
    ["status", "plugin", "finishedWithError", 2, { exit_code: 1 }],
    ["flow", "completed", "failed", "finishedWithError", 3],
    ["flow", "plugin", "notStarted", "running", 10],
    ["status", "plugin", "notStarted", 11],
    ["status", "plugin", "started", 12],
  );
  const plugin = viewOf(job).steps[1];
  assertEquals([plugin?.state, plugin?.attempts, plugin?.from, plugin?.to, plugin?.why], [
    "running",
    2,
    ms(12),
    null,
    null,
  ]);
  assertEquals(viewOf(job).over, false);
  assertEquals(viewOf(job).steps[4]?.state, "waiting");
});

Deno.test("viewOf() says that a failed delete spoils no result", () => {
  const job = jobOf(
    ...ran("plugin", 1, 2),
    ["status", "delete", "started", 3],
    ["status", "delete", "finishedWithError", 4, { exit_code: 1 }],
    [
      "flow",
      "completed",
      "finishedSuccessfully",
      "finishedSuccessfully",
      5,
      "delete ended with an error: exited with code 1",
    ],
  );
  assertEquals([viewOf(job).tone, viewOf(job).headline, viewOf(job).detail], [
    "succeeded",
    "Succeeded",
    "But delete exited with code 1",
  ]);
});

Deno.test("viewOf() takes the state of a job whose events are gone from the last answer", () => {
  const job = withSnapshot(NOTHING_KNOWN, {
    current_step: "completed",
    status: "cancelled",
    updated_at: at(9),
  });
  assertEquals([viewOf(job).tone, viewOf(job).over], ["cancelled", true]);
});

Deno.test("viewOf() says who is having the job cancelled, and what that is about to end", () => {
  const job = jobOf(
    ...ran("copy", 1, 2),
    ["flow", "plugin", "started", "running", 3],
    ["status", "plugin", "started", 4],
    ["flow", "plugin", "cancelling", "running", 5, "cancelled by alice: wrong input"],
  );
  const view = viewOf(job);
  assertEquals([view.tone, view.headline, view.detail, view.over], [
    "cancelling",
    "Cancelling: running plugin",
    "Cancelled by alice: wrong input",
    false,
  ]);
});

Deno.test("viewOf() calls the step stopped that cancelling ended, and failed one that ended before", () => {
  const cancelled = (end: number) =>
    jobOf(
      ["flow", "plugin", "started", "running", 1],
      ["status", "plugin", "started", 2],
      ["status", "plugin", "finishedWithError", end, { exit_code: 137 }],
      ["flow", "plugin", "cancelling", "running", 5, "cancelled by alice: wrong input"],
      ["flow", "completed", "finishedSuccessfully", "cancelled", 9],
    );
  const view = viewOf(cancelled(6));
  assertEquals([view.tone, view.headline, view.detail], [
    "cancelled",
    "Cancelled by alice: wrong input",
    "The plugin step was stopped",
  ]);
  assertEquals([view.steps[1]?.state, viewOf(cancelled(4)).steps[1]?.state], ["stopped", "failed"]);
});

Deno.test("viewOf() shows the last attempt alone, as soon as it is asked for", () => {
  const first: Fact[] = [
    ...ran("copy", 1, 2),
    ["status", "plugin", "finishedWithError", 3, { exit_code: 3 }],
    ["flow", "completed", "finishedSuccessfully", "finishedWithError", 4, "plugin ended with an error"],
  ];
  const asked: Fact = ["flow", "copy", "retrying", "running", 60, "retried by bob: again"];
  const job = jobOf(...first, asked);
  const view = viewOf(job);
  assertEquals(states(job), "waiting waiting waiting waiting waiting");
  assertEquals([view.attempt, view.over, view.tone, view.headline, view.detail, view.from], [
    2,
    false,
    "running",
    "Scheduling copy",
    "Attempt 2, retried by bob: again",
    ms(60),
  ]);
  assertEquals(
    states(jobOf(...first, asked, ...ran("copy", 61, 62))),
    "done waiting waiting waiting waiting",
  );
});

Deno.test("viewOf() believes the service that another attempt has begun before its first event comes", () => {
  const job = withSnapshot(jobOf(["flow", "completed", "failed", "failed", 4, "gave up"]), {
    current_step: "copy",
    status: "running",
    attempt: 2,
    updated_at: at(9),
  });
  assertEquals([viewOf(job).attempt, viewOf(job).over, viewOf(job).tone], [2, false, "running"]);
});

Deno.test("requestsOf() tells every request of a job's life", () => {
  const job = jobOf(
    ["flow", "copy", "cancelling", "running", 1, "cancelled"],
    ["flow", "completed", "finishedSuccessfully", "cancelled", 2],
    ["flow", "copy", "retrying", "running", 3, "retried by bob"],
  );
  assertEquals(requestsOf(job), [
    { time: ms(1), text: "Cancelled" },
    { time: ms(3), text: "Attempt 2, retried by bob" },
  ]);
});

Deno.test("spanText() counts on while a step runs", () => {
  assertEquals(spanText({ from: null, to: null }, ms(9)), "");
  assertEquals(spanText({ from: ms(1), to: null }, ms(9) + 700), "8 s");
  assertEquals(spanText({ from: ms(1), to: ms(4) }, ms(9)), "3.0 s");
});
