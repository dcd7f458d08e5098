import { assert, assertEquals } from "@std/assert";
import { check, violations } from "../check.ts";
import type { Observations, SeenContainer } from "../observations.ts";
import type { Asked } from "../truth.ts";
import { attemptsTold, linesOfAttempt } from "./attempts.ts";
import { workflowId } from "./ids.ts";
import { entry, JOB, soundRun } from "./sound_run.ts";

const LIMITS = { graceMs: 1_000, overWithinMs: 120_000 };
const { truth } = soundRun();
const cancelled: Asked = {
  action: "cancel",
  sentAt: 1,
  answeredAt: 2,
  answers: [{ status: 202, attempt: 1 }, { status: 202, attempt: 1 }],
};
const texts = (lines: ReturnType<typeof linesOfAttempt>) =>
  lines.map(({ step, stepStatus, workflowStatus }) => `${step} ${stepStatus} ${workflowStatus}`);

Deno.test("an attempt that is cancelled passes from the step it is found at to delete", () => {
  const attempt = { number: 1, cancelledAt: "plugin", endedWith: "finishedWithError", deletes: true };
  assertEquals(texts(linesOfAttempt(truth, attempt)).slice(2), [
    "plugin started running",
    "plugin cancelling running",
    "plugin finishedWithError running",
    "delete started running",
    "delete finishedSuccessfully running",
    "cleanup started running",
    "cleanup finishedSuccessfully running",
    "completed finishedSuccessfully cancelled",
  ]);
});

Deno.test("an attempt that is cancelled when its work is done goes on to the same end, but as cancelled", () => {
  const attempt = { number: 2, cancelledAt: "cleanup", endedWith: "finishedSuccessfully", deletes: true };
  const lines = texts(linesOfAttempt(truth, attempt));
  assertEquals(lines.slice(0, 2), ["copy retrying running", "copy started running"]);
  assertEquals(lines.slice(-4), [
    "cleanup started running",
    "cleanup cancelling running",
    "cleanup finishedSuccessfully running",
    "completed finishedSuccessfully cancelled",
  ]);
});

Deno.test("delete is passed over in an attempt that is cancelled before its copy was made, and in no other", () => {
  const tell = (rows: string[]) => {
    const job_workflow_events = rows.map((row) => {
      const [current_step, current_step_status] = row.split(" ");
      return { job_id: JOB, current_step, current_step_status };
    });
    const { observations } = soundRun();
    const tables = { ...observations.tables, job_workflow_events };
    return attemptsTold({ observations: { ...observations, tables } }, { ...truth, asked: [cancelled] })[0];
  };
  const rest = ["delete started", "delete skipped"];
  assertEquals(tell(["copy started", "copy cancelling", "copy skipped", ...rest])?.deletes, false);
  assertEquals(
    tell(["copy started", "copy cancelling", "copy finishedSuccessfully", ...rest])?.deletes,
    true,
  );
  assertEquals(tell(["plugin started", "plugin cancelling", "plugin skipped", ...rest])?.deletes, true);
  const lines = texts(
    linesOfAttempt(truth, { number: 1, cancelledAt: "copy", endedWith: "skipped", deletes: false }),
  );
  assertEquals(lines.slice(2, 5), [
    "copy skipped running",
    "delete started running",
    "delete skipped running",
  ]);
});

/** A run in which the plugin was stopped when the engine held two of its three lines. */
function cancelledRun(change: (observations: Observations) => Partial<Observations> = () => ({})) {
  const { observations } = soundRun();
  const attempt = { number: 1, cancelledAt: "plugin", endedWith: "finishedWithError", deletes: true };
  const workflow = linesOfAttempt(truth, attempt).map(({ step, stepStatus, workflowStatus }) => {
    const event = {
      job_id: JOB,
      current_step: step,
      current_step_status: stepStatus,
      workflow_status: workflowStatus,
    };
    return { event_id: workflowId(event), ...event };
  });
  const isGone = (text: string) => /"container_id":"id-of-upload"|"three"|"stream:job-workflow/.test(text);
  const kept = (text: string) =>
    !isGone(text) && !(text.includes("id-of-plugin") && /finished|"eos":true/.test(text));
  const run: Observations = {
    ...observations,
    entries: [
      ...observations.entries.filter(({ stream, data }) => !stream.includes("workflow") && kept(data)),
      ...workflow.map((event, index) => entry("stream:job-workflow:0", index, event)),
    ],
    events: [
      ...observations.events.filter(({ kind, data }) =>
        kind !== "workflow" && kind !== "end" && kept(JSON.stringify(data))
      ),
      ...workflow.map((data) => ({
        client: "stays",
        jobId: JOB,
        kind: "workflow",
        id: "x",
        data,
        at: 100_000,
      })),
      ...observations.events.filter(({ kind }) => kind === "end"),
    ],
    containers: observations.containers.filter(({ name }) => !name.endsWith("-upload")).map((
      one,
    ): SeenContainer =>
      one.id === "id-of-plugin"
        ? {
          ...one,
          finishedAt: "",
          exitCode: null,
          lines: one.lines.slice(0, 2),
          heldWhenAsked: one.lines.slice(0, 2),
        }
        : one
    ),
    finals: observations.finals.map((answer) => ({
      ...answer,
      workflow: { ...answer.workflow, status: "cancelled" },
      statuses: answer.statuses.filter((one) => kept(JSON.stringify(one))),
      logs: answer.logs.filter((one) => kept(JSON.stringify(one))),
    })),
    tables: {
      job_status: observations.tables.job_status.filter((row) => kept(JSON.stringify(row))),
      job_workflow: [{ job_id: JOB, current_step: "completed", status: "cancelled" }],
      job_workflow_events: workflow,
    },
  };
  return { ...run, ...change(run) };
}

const broken = (observations: Observations, asked: readonly Asked[] = [cancelled]) => [
  ...new Set(
    violations(check([{ ...truth, asked }], observations, LIMITS)).map(({ guarantee }) => guarantee),
  ),
];

Deno.test("nothing is broken when a cancelled plugin is stopped in the middle", () => {
  assertEquals(broken(cancelledRun()), []);
});

Deno.test("G7 a job that is cancelled though nobody had asked, or clicks that are answered unlike, are found", () => {
  assert(broken(cancelledRun(), []).includes("G7"));
  const unlike = { ...cancelled, answers: [{ status: 202, attempt: 1 }, { status: 409, attempt: null }] };
  assertEquals(broken(cancelledRun(), [unlike]), ["G7"]);
});

Deno.test("G7 a step that follows a cancelled one, and a cancelled job with another end, are found", () => {
  const upload = soundRun().observations.containers.filter(({ name }) => name.endsWith("-upload"));
  assert(
    broken(cancelledRun(({ containers }) => ({ containers: [...containers, ...upload] }))).includes("G7"),
  );
  const other = cancelledRun(({ finals }) => ({
    finals: finals.map((answer) => ({ ...answer, workflow: { ...answer.workflow, status: "failed" } })),
  }));
  assertEquals(broken(other), ["G7"]);
});

Deno.test("G5 a line that the engine held when a container was stopped, and that nobody passed on, is found", () => {
  const without = cancelledRun(({ entries }) => ({
    entries: entries.filter(({ data }) => !data.includes('"two"')),
  }));
  assert(broken(without).includes("G5"));
  const redisLosses = [{ after: 0, noticed: Date.parse("2026-01-02") }];
  assert(!broken({ ...without, redisLosses }).includes("G5"), "Redis lost it before the harness had read it");
  const unasked = cancelledRun(() => ({ pfconCalls: [] }));
  assert(broken(unasked).includes("G5"));
});

Deno.test("G1 a line of a stopped container that the stream has and the log store has not is found", () => {
  const without = cancelledRun(({ finals }) => ({
    finals: finals.map((answer) => ({ ...answer, logs: answer.logs.filter(({ line }) => line !== "two") })),
  }));
  assertEquals(broken(without), ["G1"]);
});
