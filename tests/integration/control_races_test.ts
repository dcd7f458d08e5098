import { assert, assertEquals } from "@std/assert";
import { JOB_TYPES } from "lib/event/status.ts";
import { logsFlushedKey } from "lib/log_store/flushed_keys.ts";
import { exampleJob, json } from "lib/testing/strict_pfcon.ts";
import { findWorkflow } from "lib/store/workflows.ts";
import { cancel } from "../../workers/sse_service/control/cancel.ts";
import { retry } from "../../workers/sse_service/control/retry.ts";
import { cleanUp, CleanupHeldError } from "../../workers/task_worker/clean_up.ts";
import { endStep } from "../../workers/task_worker/end_step.ts";
import { runStep } from "../../workers/task_worker/run_step.ts";
import {
  accept,
  benchOfFile,
  eventOf,
  forgetAll,
  lifeOf,
  NOW,
  record,
  STOP,
  workflowOf,
} from "./task_worker/bench.ts";
import { dump } from "./task_worker/dump.ts";
import { assertPassed, crashEverywhere, FaultPoints } from "./task_worker/fault_points.ts";

const bench = benchOfFile();
const JOB = "trial-1";
const asked = { by: "alice", reason: null, now: NOW };

function cleaning(jobId = JOB) {
  const { sql, redis, pfcon } = bench;
  const held = { hold: () => {}, release: () => {} };
  const context = { sql, redis, pfcon: pfcon.client, held, quiescenceMs: null, now: () => NOW };
  return cleanUp(context, jobId, new AbortController().signal);
}

/** Brings a job to where only cleanup is left. */
async function atCleanUp(
  jobId = JOB,
  plugin: "finishedSuccessfully" | "finishedWithError" = "finishedSuccessfully",
): Promise<void> {
  await accept(bench.sql, jobId);
  for (const step of JOB_TYPES) {
    if (step === "plugin") await record(bench.sql, ...lifeOf(jobId, step, plugin));
    else {
      await endStep({ sql: bench.sql, now: () => NOW }, { jobId, step }, { result: "skipped", reason: null });
    }
  }
}

async function failed(jobId = JOB): Promise<void> {
  await atCleanUp(jobId, "finishedWithError");
  await cleaning(jobId);
}

async function controls(jobId = JOB): Promise<string[]> {
  const rows = await bench.sql`
    SELECT action, attempt, requested_by FROM job_control WHERE job_id = ${jobId} ORDER BY id`;
  return rows.map((row) => `${row.action} ${row.attempt} by ${row.requested_by}`);
}

/** Another attempt, which stands at the plugin. */
async function retried(): Promise<void> {
  await retry(bench.sql, JOB, { ...asked, after: null });
  const { sql } = bench;
  await endStep({ sql, now: () => NOW }, { jobId: JOB, step: "copy" }, { result: "skipped", reason: null });
}

async function lastMove(jobId = JOB): Promise<string> {
  const [row] = await bench.sql`
    SELECT current_step, workflow_status FROM job_workflow_events WHERE job_id = ${jobId} ORDER BY id DESC LIMIT 1`;
  return `${row?.current_step} ${row?.workflow_status}`;
}

Deno.test("of many who cancel a job at once one takes effect, and all get the same answer", async () => {
  await accept(bench.sql, JOB);
  const answers = await Promise.all(Array.from({ length: 20 }, () => cancel(bench.sql, JOB, asked)));
  for (const answer of answers) assert(answer.kind === "accepted" && answer.status === "cancelling");
  assertEquals(answers.filter((answer) => answer.kind === "accepted" && answer.order).length, 1);
  assertEquals(await controls(), ["cancel 1 by alice"]);
});

Deno.test("of many who retry a job at once one takes effect, and all get the same answer", async () => {
  await failed();
  assertEquals((await workflowOf(bench.sql, JOB)).error, "plugin ended with an error: exited with code 3");
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => retry(bench.sql, JOB, { ...asked, after: null })),
  );
  for (const answer of answers) assert(answer.kind === "accepted" && answer.attempt === 2);
  assertEquals(answers.filter((answer) => answer.kind === "accepted" && answer.order).length, 1);
  assertEquals(await controls(), ["retry 1 by alice"]);
  const { step, status, error, held, cancelledAt } = await workflowOf(bench.sql, JOB);
  assertEquals([step, status, error, held, cancelledAt], ["copy", "running", null, null, null]);
});

Deno.test("G7 of a cancellation and the end of the workflow exactly one wins, and everything says the same one", async () => {
  for (let round = 0; round < 8; round++) {
    const jobId = `race-${round}x`;
    await atCleanUp(jobId);
    for (const step of JOB_TYPES) await bench.redis.set(logsFlushedKey(jobId, step), "1");
    const pause = new Promise((resolve) => setTimeout(resolve, round % 4 * 3));
    const [answer] = await Promise.all([
      pause.then(() => cancel(bench.sql, jobId, asked)),
      cleaning(jobId),
    ]);
    const { status } = await workflowOf(bench.sql, jobId);
    assertEquals(await lastMove(jobId), `completed ${status}`);
    if (answer.kind === "accepted") {
      assertEquals([status, await controls(jobId)], ["cancelled", ["cancel 1 by alice"]]);
    } else {
      assertEquals(answer, { kind: "over", status: "finishedSuccessfully" });
      assertEquals([status, await controls(jobId)], ["finishedSuccessfully", []]);
    }
  }
});

Deno.test("G7 of a cancellation and the end of a step either comes first, and no step but delete follows", async () => {
  for (let round = 0; round < 8; round++) {
    const jobId = `step-race-${round}x`;
    await accept(bench.sql, jobId);
    await Promise.all([
      cancel(bench.sql, jobId, asked),
      record(bench.sql, ...lifeOf(jobId, "copy", "finishedSuccessfully")),
    ]);
    const { step, cancelledAt } = await workflowOf(bench.sql, jobId);
    assert(cancelledAt);
    const [move] = await bench.sql`
      SELECT current_step FROM job_workflow_events
      WHERE job_id = ${jobId} AND current_step_status = 'cancelling'`;
    assertEquals(step, move?.current_step === "copy" ? "delete" : "plugin");
  }
});

Deno.test("G5 a held cleanup that is cancelled stays held, and ends as cancelled once the logs are proven stored", async () => {
  await atCleanUp();
  await bench.pfcon.client.schedule("plugin", { ...exampleJob, job_id: JOB });
  bench.pfcon.setState("plugin", JOB, "finishedSuccessfully");
  await cleaning().catch((error) => assert(error instanceof CleanupHeldError, String(error)));
  const answer = await cancel(bench.sql, JOB, asked);
  assertEquals(answer, { kind: "accepted", status: "cancelling", attempt: 1, order: null });
  await cleaning().then(
    () => assert(false, "was not held"),
    (error) => assert(error instanceof CleanupHeldError),
  );
  assertEquals(bench.pfcon.countOf("DELETE"), 0);
  await bench.redis.set(logsFlushedKey(JOB, "plugin"), "1");
  await cleaning();
  assertEquals((await workflowOf(bench.sql, JOB)).status, "cancelled");
});

Deno.test("G7 what is told late of containers of an earlier attempt ends no step of the next one", async () => {
  await failed();
  await retried();
  const again = eventOf({ jobId: JOB, step: "plugin", status: "undefined", at: 500 });
  assertEquals(await record(bench.sql, again), [], "the container of the first attempt");
  const nameless = eventOf({
    jobId: JOB,
    step: "plugin",
    status: "finishedWithError",
    at: 1,
    more: { container_id: undefined, exit_code: 7 },
  });
  assertEquals(await record(bench.sql, nameless), [], "no newer than what was known before");
  assertEquals((await workflowOf(bench.sql, JOB)).step, "plugin");
  const own = lifeOf(JOB, "plugin", "finishedSuccessfully", { at: 600, container: 2 });
  assertEquals(await record(bench.sql, ...own), [{ jobId: JOB, kind: "runStep", step: "upload" }]);
});

Deno.test("G7 a container of an earlier attempt that pfcon has kept is no container of the next one", async () => {
  await failed();
  await retried();
  const [end] = (await bench.sql`
    SELECT event ->> 'timestamp' AS at FROM job_status_history ORDER BY id DESC LIMIT 1`).map(({ at }) => at);
  await bench.pfcon.client.schedule("plugin", { ...exampleJob, job_id: JOB });
  bench.pfcon.setState("plugin", JOB, "finishedWithError");
  bench.pfcon.calls = [];
  bench.pfcon.interfere = async (call, pass) => {
    const answer = await pass();
    if (call !== `GET plugin ${JOB}` || !answer.ok) return answer;
    const { compute } = await answer.json();
    return json(200, { compute: { ...compute, timestamp: end } });
  };
  const { sql, redis, pfcon } = bench;
  const patience = { startAttempts: 3, startGraceMs: 0, conflictPatienceMs: 600_000, stop: STOP };
  const context = { sql, redis, pfcon: pfcon.client, now: () => NOW, ...patience };
  assertEquals(await runStep(context, { jobId: JOB, step: "plugin" }, new AbortController().signal), null);
  assertEquals(bench.pfcon.countOf("POST plugin"), 1, "pfcon replaces what failed");
  const { steps } = await workflowOf(bench.sql, JOB);
  assert(steps.find(({ step }) => step === "plugin")?.orderedAt);
});

for (
  const [name, prepare, ask, passes] of [
    ["cancelling a job", () => accept(bench.sql, JOB), cancel, [
      "SELECT pg_advisory_xact_lock",
      "INSERT INTO job_control",
      "UPDATE job_workflow SET cancelled_at",
      "INSERT INTO job_outbox",
      "before the commit",
      "after the commit",
    ]],
    ["retrying a job", failed, retry, [
      "SELECT pg_advisory_xact_lock",
      "INSERT INTO job_control",
      "INSERT INTO job_past_step",
      "DELETE FROM job_step",
      "UPDATE job_workflow SET current_step",
      "INSERT INTO job_step",
      "INSERT INTO job_outbox",
      "before the commit",
      "after the commit",
    ]],
  ] as const
) {
  Deno.test(`G7 ${name} comes to the same rows, wherever the process dies`, async () => {
    const task = async (points: FaultPoints) => {
      await ask(points.sql(bench.sql), JOB, { ...asked, after: null });
    };
    const everything = async () => ({
      ...await dump(bench.sql),
      control: await controls(),
      past: await bench.sql`SELECT attempt, step, outcome FROM job_past_step ORDER BY attempt, step`,
      attempt: (await findWorkflow(bench.sql, JOB))?.attempt,
    });
    await prepare();
    await task(new FaultPoints());
    const undisturbed = await everything();
    const points = await crashEverywhere({
      prepare: async () => {
        await forgetAll(bench);
        await prepare();
      },
      task,
      check: async (where) => assertEquals(await everything(), undisturbed, where),
    });
    assertPassed(points, passes);
  });
}
