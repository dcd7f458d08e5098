import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { JOB_TYPES, type JobType } from "lib/event/status.ts";
import { containerFlushedKey, logsFlushedKey } from "lib/log_store/flushed_keys.ts";
import { exampleJob, json } from "lib/pfcon/strict_pfcon.ts";
import { silentLogger as log } from "lib/run/log.ts";
import { OutageError } from "lib/run/outage_error.ts";
import { TaskQueue } from "lib/task/queue.ts";
import { CLEAN_UP_QUEUE, type CleanUp, cleanUpId } from "lib/task/tasks.ts";
import { Queue } from "bullmq";
import { cleanUp, type CleanUpContext, CleanupHeldError } from "../../../workers/task_worker/clean_up.ts";
import { endStep } from "../../../workers/task_worker/end_step.ts";
import { HeldCleanups } from "../../../workers/task_worker/held_cleanups.ts";
import {
  accept,
  type Bench,
  eventOf,
  forgetAll,
  lifeOf,
  NOW,
  openBench,
  record,
  workflowOf,
} from "./bench.ts";
import { dump } from "./dump.ts";
import { crashEverywhere, FaultPoints } from "./fault_points.ts";

let bench: Bench;
Deno.test.beforeAll(async () => {
  bench = await openBench();
});
Deno.test.beforeEach(prepare);
Deno.test.afterAll(async () => await bench[Symbol.asyncDispose]());

/** The step's container, as its events name it. */
function container(step: JobType): string {
  return `${JOB_TYPES.indexOf(step) + 1}`;
}

/** A workflow that stands at cleanup: copy, plugin and delete ran, there was nothing to upload. */
async function prepare(): Promise<void> {
  const { sql, pfcon } = bench;
  await forgetAll(bench);
  await accept(sql, "trial-1");
  for (const step of JOB_TYPES) {
    if (step === "upload") {
      await endStep({ sql, now: () => NOW }, { jobId: "trial-1", step }, { result: "skipped", reason: null });
      continue;
    }
    await pfcon.client.schedule(step, { ...exampleJob, job_id: "trial-1" });
    pfcon.setState(step, "trial-1", "finishedSuccessfully");
    await record(
      sql,
      ...lifeOf("trial-1", step, "finishedSuccessfully", { container: Number(container(step)) }),
    );
  }
  pfcon.calls = [];
}

/** Cleans up; `held` gets what is to be looked for. */
function run(changes: Partial<CleanUpContext> = {}, points = new FaultPoints()): Promise<void> {
  const context: CleanUpContext = {
    sql: points.sql(bench.sql),
    redis: points.redis(bench.redis),
    pfcon: points.pfcon(bench.pfcon.client),
    held: { hold: () => {}, release: () => {} },
    quiescenceMs: null,
    now: () => NOW + 60_000,
    ...changes,
  };
  return cleanUp(context, "trial-1", new AbortController().signal);
}

async function prove(...steps: JobType[]): Promise<void> {
  for (const step of steps) {
    await bench.redis.set(containerFlushedKey(container(step).padStart(64, "0")), "1");
  }
}

async function standing(): Promise<string> {
  const { step, status, held } = await workflowOf(bench.sql, "trial-1");
  return [step, status, ...(held === null ? [] : [held])].join(", ");
}

Deno.test("G5 cleanUp() deletes nothing until every container's log is proven stored, and says what it waits for", async () => {
  for (const [proven, missing] of [["plugin", "copy, delete"], ["delete", "copy"]] as const) {
    await prove(proven);
    await assertRejects(() => run(), CleanupHeldError);
    assertEquals(await standing(), `cleanup, running, the log of ${missing} is not proven stored yet`);
  }
  assertEquals(bench.pfcon.countOf("DELETE"), 0);
  await prove("copy");
  await run();
  assertEquals(await standing(), "completed, finishedSuccessfully");
  assertEquals(
    bench.pfcon.calls.filter((call) => call.startsWith("DELETE")),
    JOB_TYPES.map((step) => `DELETE ${step} trial-1`),
  );
});

Deno.test("G5 cleanUp() takes the reference's proof as well, but no other container's", async () => {
  await bench.redis.set(logsFlushedKey("trial-1", "copy"), "1");
  await bench.redis.set(logsFlushedKey("trial-1", "delete"), "1");
  await bench.redis.set(logsFlushedKey("trial-2", "plugin"), "1");
  await bench.redis.set(containerFlushedKey("9".padStart(64, "0")), "1");
  await assertRejects(() => run(), CleanupHeldError, "the log of plugin is not");
  await bench.redis.set(logsFlushedKey("trial-1", "plugin"), "1");
  await run();
});

Deno.test("G5 cleanUp() wants the proof of the newest container, whichever reported last", async () => {
  await prove("copy", "delete");
  const of = { jobId: "trial-1", step: "plugin", at: -5, container: 9 } as const;
  const vanished = { previous_status: "notStarted" } as const;
  await record(bench.sql, eventOf({ ...of, status: "undefined", more: vanished }));
  await bench.redis.set(containerFlushedKey("9".padStart(64, "0")), "1");
  await assertRejects(() => run(), CleanupHeldError, "the log of plugin is not");
  await prove("plugin");
  await run();
});

Deno.test("cleanUp() takes a container that is gone for proven, and asks pfcon about no other", async () => {
  await prove("copy", "plugin");
  await bench.pfcon.client.remove("delete", "trial-1");
  bench.pfcon.calls = [];
  await run();
  assertEquals(bench.pfcon.calls.filter((call) => call.startsWith("GET")), ["GET delete trial-1"]);
  assertEquals(await standing(), "completed, finishedSuccessfully");
});

Deno.test("cleanUp() asks for the proofs of those containers that hold it up", async () => {
  await prove("copy");
  const held: unknown[] = [];
  const hold = (...args: unknown[]) => held.push(args);
  await assertRejects(() => run({ held: { hold, release: (jobId) => held.push(jobId) } }), CleanupHeldError);
  const proofs = (["plugin", "delete"] as const).map((step) => [
    logsFlushedKey("trial-1", step),
    containerFlushedKey(container(step).padStart(64, "0")),
  ]);
  assertEquals(held, ["trial-1", ["trial-1", proofs]]);
});

Deno.test("cleanUp() under the policy quiescence counts a log as drained some time after the end", async () => {
  const lastEnd = NOW + 2_000;
  const policy = { quiescenceMs: 10_000 };
  await assertRejects(() => run({ ...policy, now: () => lastEnd + 9_999 }), CleanupHeldError);
  await run({ ...policy, now: () => lastEnd + 10_000 });
  assertEquals(await standing(), "completed, finishedSuccessfully");
});

Deno.test("cleanUp() does nothing in any other step, or when all is over", async () => {
  await prove("copy", "plugin", "delete");
  await run();
  bench.pfcon.calls = [];
  const before = await dump(bench.sql);
  await run();
  await bench.sql`UPDATE job_workflow SET current_step = 'plugin', status = 'running'`;
  await run();
  await bench.sql`DELETE FROM job_workflow`;
  await run();
  assertEquals(bench.pfcon.calls, []);
  assertEquals((await dump(bench.sql)).outbox, before.outbox);
});

Deno.test("G8 cleanUp() says why it waits when pfcon is away, and tells that even if Postgres is away too", async () => {
  await prove("copy", "plugin", "delete");
  bench.pfcon.interfere = () => json(500, { message: "cannot connect to the engine" });
  await assertRejects(() => run());
  assertStringIncludes(await standing(), "cannot connect to the engine");
  bench.pfcon.interfere = () => new Response("", { status: 503 });
  const points = new FaultPoints((what) => what.includes("SET held"));
  await assertRejects(() => run({}, points), OutageError, "pfcon is unavailable");
});

Deno.test("a held cleanup goes on when its last proof is there, however long its pause would still be", async () => {
  const { redis } = bench;
  await using cleanUpQueue = new TaskQueue<CleanUp>(redis, CLEAN_UP_QUEUE);
  await using queue = closing(new Queue(CLEAN_UP_QUEUE, { connection: redis }));
  const id = cleanUpId("trial-1");
  await queue.add(CLEAN_UP_QUEUE, { job_id: "trial-1" }, { jobId: id, delay: 3_600_000 });
  const hurry = (jobId: string) => cleanUpQueue.hurry(cleanUpId(jobId));
  const held = new HeldCleanups({ redis, hurry, everyMs: 1, log });
  await assertRejects(() => run({ held }), CleanupHeldError);
  await prove("copy", "plugin");
  assertEquals(await held.runOnce(), []);
  assertEquals(await queue.getJobState(id), "delayed");
  await prove("delete");
  assertEquals(await held.runOnce(), ["trial-1"]);
  assertEquals(await queue.getJobState(id), "waiting");
});

function closing(queue: Queue): Queue & AsyncDisposable {
  return Object.assign(queue, { [Symbol.asyncDispose]: () => queue.close() });
}

/** The same, of a job that was not needed at all but for its copy: quicker. */
async function prepareLittle(): Promise<void> {
  const { sql, pfcon } = bench;
  await forgetAll(bench);
  await accept(sql, "trial-1");
  await pfcon.client.schedule("copy", { ...exampleJob, job_id: "trial-1" });
  await record(sql, ...lifeOf("trial-1", "copy"));
  await prove("copy");
  for (const step of JOB_TYPES.slice(1)) {
    await endStep({ sql, now: () => NOW }, { jobId: "trial-1", step }, { result: "skipped", reason: null });
  }
}

Deno.test("G7 cleanUp() completes the workflow once, wherever it dies", async () => {
  await prepareLittle();
  await run();
  const undisturbed = await dump(bench.sql);
  const points = await crashEverywhere({
    prepare: prepareLittle,
    task: async (points) => await run({}, points),
    check: async (where) => assertEquals(await dump(bench.sql), undisturbed, where),
  });
  assert(points > 20, `only ${points} points`);
});
