import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { JOB_TYPES } from "lib/event/status.ts";
import { exampleJob, json } from "lib/testing/strict_pfcon.ts";
import { silentLogger as log } from "lib/run/log.ts";
import { OutageError } from "lib/run/outage_error.ts";
import { markOrdered } from "lib/store/steps.ts";
import { TaskQueue } from "lib/task/queue.ts";
import { CLEAN_UP_QUEUE, type CleanUp, cleanUpId, RUN_STEP_QUEUE, type RunStep } from "lib/task/tasks.ts";
import { Queue } from "bullmq";
import type { Order } from "../../../workers/task_worker/apply_fact.ts";
import { Orders } from "../../../workers/task_worker/orders.ts";
import { Sweep, type SweepOptions } from "../../../workers/task_worker/sweep.ts";
import { accept, benchOfFile, lifeOf, NOW, record, workflowOf } from "./bench.ts";

const bench = benchOfFile();

const never = new AbortController().signal;

/** A sweep to which everything is old enough, and the orders that it gives. */
function sweeping(changes: Partial<SweepOptions> = {}): { sweep: Sweep; given: Order[] } {
  const given: Order[] = [];
  const give = (order: Order | null) => Promise.resolve(void (order && given.push(order)));
  const { sql, pfcon } = bench;
  const options = {
    sql,
    pfcon: pfcon.client,
    orders: { give },
    hasMore: () => Promise.resolve(false),
    everyMs: 0,
    silentMs: 0,
    log,
    now: () => NOW,
  };
  return { sweep: new Sweep({ ...options, ...changes }), given };
}

/** A workflow whose copy container pfcon has made. */
async function ordered(jobId: string): Promise<void> {
  await accept(bench.sql, jobId);
  await bench.pfcon.client.schedule("copy", { ...exampleJob, job_id: jobId });
  await markOrdered(bench.sql, jobId, "copy");
  bench.pfcon.calls = [];
}

async function copyOf(jobId: string) {
  const [copy] = (await workflowOf(bench.sql, jobId)).steps;
  assert(copy);
  return copy;
}

Deno.test("Sweep gives lost orders again: of steps that are not ordered, and of cleanups", async () => {
  const { sql } = bench;
  await accept(sql, "at-copy");
  await ordered("copying");
  await accept(sql, "at-plugin");
  await record(sql, ...lifeOf("at-plugin", "copy"));
  await accept(sql, "at-cleanup");
  for (const step of JOB_TYPES) await record(sql, ...lifeOf("at-cleanup", step));
  await accept(sql, "over");
  await sql`UPDATE job_workflow SET current_step = 'completed', status = 'failed' WHERE job_id = 'over'`;
  const { sweep, given } = sweeping({ silentMs: 60_000 });
  assertEquals(await sweep.runOnce(never), { ordered: 3, lost: 0 });
  assertEquals(given, [
    { jobId: "at-cleanup", kind: "cleanUp" },
    { jobId: "at-copy", kind: "runStep", step: "copy" },
    { jobId: "at-plugin", kind: "runStep", step: "plugin" },
  ]);
  const later = sweeping({ everyMs: 60_000, silentMs: 60_000 });
  await later.sweep.runOnce(never);
  assertEquals(later.given, [], "those just begun are on their way");
});

Deno.test("Sweep comes to every lost order, however many cleanups are held", async () => {
  const { sql } = bench;
  await sql`
    INSERT INTO job_workflow (job_id, current_step, status, updated_at)
    SELECT 'held-' || index, 'cleanup', 'running', now() - interval '1 day' FROM generate_series(1, 1200) AS index`;
  await accept(sql, "trial-1");
  const { sweep, given } = sweeping();
  for (let pass = 0; pass < 3; pass++) await sweep.runOnce(never);
  assertEquals(new Set(given.map(({ jobId }) => jobId)).size, 1_201);
  await sweep.runOnce(never);
  assertEquals(given.length, 1_701, "and begins again");
});

Deno.test("G7 Sweep ends a step whose container is gone", async () => {
  await ordered("trial-1");
  await bench.pfcon.client.remove("copy", "trial-1");
  const { sweep, given } = sweeping();
  assertEquals((await sweep.runOnce(never)).lost, 1);
  assertEquals(given, [{ jobId: "trial-1", kind: "runStep", step: "delete" }]);
  const { outcome, reason } = await copyOf("trial-1");
  assertEquals([outcome, reason?.code], ["undefined", "vanished"]);
});

Deno.test("G7 Sweep calls no container vanished while states of its job are on their way into the record", async () => {
  await ordered("trial-1");
  await bench.pfcon.client.remove("copy", "trial-1");
  const asked: string[] = [];
  const hasMore = (jobId: string) => Promise.resolve(asked.push(jobId) === 1);
  const { sweep, given } = sweeping({ hasMore });
  await sweep.runOnce(never);
  assertEquals([given, (await copyOf("trial-1")).outcome, asked], [[], null, ["trial-1"]]);
  await sweep.runOnce(never);
  assertEquals((await copyOf("trial-1")).outcome, "undefined");
});

Deno.test("G7 Sweep does not carry over to another attempt what pfcon said in the one before", async () => {
  for (const status of ["gone", "finishedSuccessfully", "notStarted"] as const) {
    const jobId = `trial-${status}`;
    await ordered(jobId);
    if (status === "gone") await bench.pfcon.client.remove("copy", jobId);
    else bench.pfcon.setState("copy", jobId, status);
    bench.pfcon.interfere = async (_, pass) => {
      const answer = await pass();
      // While the sweep is paused the workflow fails, is retried, and is at the same step again.
      await bench.sql`UPDATE job_workflow SET attempt = 2 WHERE job_id = ${jobId}`;
      await bench.sql`UPDATE job_step SET ordered_at = NULL WHERE job_id = ${jobId}`;
      return answer;
    };
    const { sweep, given } = sweeping();
    await sweep.runOnce(never);
    assertEquals(given.filter((order) => order.jobId === jobId), []);
    const { outcome, orderedAt, startAttempts, lastError } = await copyOf(jobId);
    assertEquals([outcome, orderedAt, startAttempts, lastError], [null, null, 0, null], status);
  }
});

Deno.test("Sweep leaves a step alone that runs, or of which something was heard lately", async () => {
  await ordered("trial-1");
  const { sweep, given } = sweeping();
  assertEquals((await sweep.runOnce(never)).lost, 0);
  assertEquals(bench.pfcon.calls, ["GET copy trial-1"]);
  const later = sweeping({ silentMs: 60_000 });
  await later.sweep.runOnce(never);
  assertEquals(bench.pfcon.calls.length, 1, "it has just been asked about");
  assertEquals([...given, ...later.given], []);
});

Deno.test("G7 Sweep has a step ordered again whose container was made, but never started", async () => {
  await ordered("trial-1");
  bench.pfcon.setState("copy", "trial-1", "notStarted");
  const { sweep, given } = sweeping();
  await sweep.runOnce(never);
  assertEquals(given, [{ jobId: "trial-1", kind: "runStep", step: "copy" }]);
  const { orderedAt, startAttempts } = await copyOf("trial-1");
  assertEquals([orderedAt, startAttempts], [null, 1]);
});

Deno.test("Sweep waits for the end that pfcon knows to be told as an event, and says so", async () => {
  await ordered("trial-1");
  bench.pfcon.setState("copy", "trial-1", "finishedWithError");
  const { sweep, given } = sweeping();
  await sweep.runOnce(never);
  assertEquals(given, []);
  assertStringIncludes(
    (await copyOf("trial-1")).lastError ?? "",
    "pfcon says finishedWithError, but no event",
  );
});

Deno.test("Sweep ends a step by the record if its end was told before the workflow came to it", async () => {
  await record(bench.sql, ...lifeOf("trial-1", "copy"));
  await ordered("trial-1");
  bench.pfcon.setState("copy", "trial-1", "finishedSuccessfully");
  const { sweep, given } = sweeping();
  await sweep.runOnce(never);
  assertEquals(given, [{ jobId: "trial-1", kind: "runStep", step: "plugin" }]);
});

Deno.test("Sweep asks about all silent steps although pfcon stumbles over one, and stops when it is away", async () => {
  const jobs = ["trial-1", "trial-2", "trial-3"];
  for (const jobId of jobs) await ordered(jobId);
  bench.pfcon.interfere = (call) =>
    call === "GET copy trial-2" ? json(400, { message: "an odd name" }) : undefined;
  await sweeping().sweep.runOnce(never);
  assertEquals(bench.pfcon.calls.length, 3);
  bench.pfcon.interfere = () => json(500, { message: "cannot connect to the engine" });
  await assertRejects(() => sweeping().sweep.runOnce(never), OutageError, "the engine behind pfcon");
  assertEquals(bench.pfcon.calls.length, 4);
});

Deno.test("Orders that are on their way are not given twice, nor hastened by the sweep", async () => {
  const { sql, redis } = bench;
  await using runStepQueue = new TaskQueue<RunStep>(redis, RUN_STEP_QUEUE);
  await using cleanUpQueue = new TaskQueue<CleanUp>(redis, CLEAN_UP_QUEUE);
  const orders = new Orders({ runStep: runStepQueue, cleanUp: cleanUpQueue });
  await accept(sql, "trial-1");
  await sql`UPDATE job_workflow SET current_step = 'cleanup'`;
  const { sweep } = sweeping({ orders });
  await sweep.runOnce(never);
  await sweep.runOnce(never);
  const { waiting, delayed } = await cleanUpQueue.counts();
  assertEquals([waiting, delayed], [1, 0]);
  // One whose first try has failed waits for the next one.
  const queue = new Queue(CLEAN_UP_QUEUE, { connection: redis });
  await queue.remove(cleanUpId("trial-1"));
  await queue.add(CLEAN_UP_QUEUE, { job_id: "trial-1" }, { jobId: cleanUpId("trial-1"), delay: 3_600_000 });
  await queue.close();
  const [, dueAt] = await redis.zrange(`bull:${CLEAN_UP_QUEUE}:delayed`, 0, -1, "WITHSCORES");
  await sweep.runOnce(never);
  assertEquals(await redis.zrange(`bull:${CLEAN_UP_QUEUE}:delayed`, 0, -1, "WITHSCORES"), [
    "clean-up_trial-1",
    dueAt,
  ]);
  assertEquals((await cleanUpQueue.counts()).waiting, 0);
});

Deno.test("Sweep runs until it is stopped, through failures", async () => {
  const stop = new AbortController();
  let passes = 0;
  const give = () => {
    if (++passes === 3) stop.abort();
    return Promise.reject(new Error("no queue"));
  };
  await accept(bench.sql, "trial-1");
  await sweeping({ orders: { give } }).sweep.run(stop.signal);
  assertEquals(passes, 3);
});
