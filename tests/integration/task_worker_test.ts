import { assertEquals } from "@std/assert";
import { JOB_TYPES, type JobType } from "lib/event/status.ts";
import { json } from "lib/testing/strict_pfcon.ts";
import { encodeStatusEvent } from "lib/event/codec.ts";
import { silentLogger } from "lib/run/log.ts";
import { sleep } from "lib/run/sleep.ts";
import { listStatuses } from "lib/store/status_history.ts";
import { shardKey, shardOf } from "lib/stream/keys.ts";
import { openRedis } from "lib/stream/open_redis.ts";
import { tempRedis } from "lib/testing/servers.ts";
import { lifeWith } from "lib/testing/workflow_model.ts";
import { badDay, randomFrom } from "./task_worker/bad_day.ts";
import { benchOfFile, entriesOf, eventually, lifeOf, workflowOf } from "./task_worker/bench.ts";
import { skipped } from "./task_worker/pfcon_bench.ts";
import { type End, openSystem, type System } from "./task_worker/system.ts";

const bench = benchOfFile();

/** What the workflow stream says of a job. */
async function told(jobId: string): Promise<string[]> {
  const entries = await entriesOf(bench.redis, shardKey("stream:job-workflow", shardOf(jobId, 2)));
  return entries.filter(({ event }) => event.job_id === jobId).map(({ event }) =>
    [
      event.current_step,
      event.current_step_status,
      event.workflow_status,
      ...(event.error ? [event.error] : []),
    ].join(" ")
  );
}

/** Confirmations in the status stream of a job, as `{step} {confirmed status}`. */
async function confirmed(jobId: string): Promise<string[]> {
  const entries = await entriesOf(bench.redis, shardKey("stream:job-status", shardOf(jobId, 2)));
  const own = entries.filter(({ event }) => event.job_id === jobId);
  return own.map(({ event }) => `${event.job_type} ${event.status}`).filter((told) =>
    told.includes(" confirmed_")
  );
}

const DONE: End = "finishedSuccessfully";
const NO_IMAGE = "404 Client Error: Not Found for url: /v1.41/images/create (manifest unknown)";

Deno.test("G7 a task worker leads workflows from their first step to the right end, and tells each move in order", async () => {
  const ends: Record<string, Partial<Record<JobType, End>>> = {
    "exit-3": { plugin: "finishedWithError" },
    "copy-fails": { copy: "finishedWithError" },
  };
  bench.pfcon.interfere = (call) => {
    if (call === "POST plugin no-image") return json(500, { message: NO_IMAGE });
    return call.startsWith("POST upload") ? skipped(call) : undefined;
  };
  await using system = openSystem(bench, {
    endOf: (jobId, step) => ends[jobId]?.[step] ?? "finishedSuccessfully",
  });
  const worker = system.start();
  const jobs = ["success", "exit-3", "copy-fails", "no-image"];
  await Promise.all(jobs.map((jobId) => system.submit(jobId)));
  await system.allOver();
  assertEquals(await worker.stop(), 0);
  const well = (step: string) => [`${step} started running`, `${step} finishedSuccessfully running`];
  assertEquals(await told("success"), [
    ...well("copy"),
    ...well("plugin"),
    "upload started running",
    "upload skipped running",
    ...well("delete"),
    ...well("cleanup"),
    "completed finishedSuccessfully finishedSuccessfully",
  ]);
  assertEquals(await told("exit-3"), [
    ...well("copy"),
    "plugin started running",
    "plugin finishedWithError running exited with code 3",
    ...well("delete"),
    ...well("cleanup"),
    "completed finishedSuccessfully finishedWithError plugin ended with an error: exited with code 3",
  ]);
  assertEquals(await told("copy-fails"), [
    "copy started running",
    "copy finishedWithError running exited with code 3",
    ...well("delete"),
    ...well("cleanup"),
    "completed finishedSuccessfully failed copy ended with an error: exited with code 3",
  ]);
  assertEquals(await told("no-image"), [
    ...well("copy"),
    "plugin started running",
    `plugin not-run running ${NO_IMAGE}`,
    ...well("delete"),
    ...well("cleanup"),
    `completed finishedSuccessfully failed plugin could not be run: ${NO_IMAGE}`,
  ]);
  assertEquals(await confirmed("success"), [
    "copy confirmed_finishedSuccessfully",
    "plugin confirmed_finishedSuccessfully",
    "delete confirmed_finishedSuccessfully",
  ]);
  assertEquals(await confirmed("no-image"), [
    "copy confirmed_finishedSuccessfully",
    "delete confirmed_finishedSuccessfully",
  ]);
  assertEquals(new Set(system.made).size, system.made.length, "no container was made twice");
  assertEquals(bench.pfcon.countOf("POST plugin no-image"), 3);
  const passedOver: Record<string, readonly JobType[]> = {
    "exit-3": ["upload"],
    "copy-fails": ["plugin", "upload"],
    "no-image": ["plugin", "upload"],
  };
  for (const jobId of jobs) {
    const steps = JOB_TYPES.filter((step) => !passedOver[jobId]?.includes(step));
    assertEquals(deletesOf(jobId), steps.map((step) => `DELETE ${step} ${jobId}`));
  }
});

/** Requests to delete containers of a job. */
function deletesOf(jobId: string): string[] {
  return bench.pfcon.calls.filter((call) => call.startsWith("DELETE") && call.endsWith(` ${jobId}`));
}

Deno.test("G5 no container is deleted while nobody proves logs stored; the workflows say so and go on when they are", async () => {
  await using system = openSystem(bench, { proveLogs: false });
  const worker = system.start();
  const jobs = ["trial-1", "trial-2", "trial-3"];
  for (const jobId of jobs) await system.submit(jobId);
  const held = async () =>
    await Promise.all(jobs.map(async (jobId) => (await workflowOf(bench.sql, jobId)).held));
  const why = "the log of copy, plugin, upload, delete is not proven stored yet";
  await eventually(async () => (await held()).every((reason) => reason === why));
  await worker.kill();
  const next = system.start();
  const asked = bench.pfcon.countOf("GET");
  await eventually(() => Promise.resolve(bench.pfcon.countOf("GET") > asked + 12)); // it is tried again
  assertEquals(bench.pfcon.countOf("DELETE"), 0);
  await system.proveLogs();
  await system.allOver();
  assertEquals(await next.stop(), 0);
  for (const jobId of jobs) {
    assertEquals(
      deletesOf(jobId),
      JOB_TYPES.map((step) => `DELETE ${step} ${jobId}`),
    );
  }
});

Deno.test("G6 G7 workflows come to the model's end, each container made once and each end confirmed once, though workers are killed and pfcon has a bad day", async () => {
  const seed = Number(Deno.env.get("TEST_SEED") ?? crypto.getRandomValues(new Uint32Array(1))[0]);
  console.log(`TEST_SEED=${seed}`);
  const random = randomFrom(seed);
  const jobs = Array.from({ length: 8 }, (_, index) => `job-${index}`);
  const plans = new Map(jobs.map((jobId) => {
    const any = (): End =>
      random() < 0.7 ? "finishedSuccessfully" : random() < 0.7 ? "finishedWithError" : "undefined";
    return [jobId, { copy: any(), plugin: any(), upload: any(), delete: any() }];
  }));
  await using system = openSystem(bench, { endOf: (jobId, step) => plans.get(jobId)?.[step] ?? "undefined" });
  bench.pfcon.interfere = badDay(random);
  const workers = [system.start(), system.start()];
  await Promise.all(jobs.map((jobId) => system.submit(jobId)));
  for (let kills = 0; kills < 4; kills++) {
    await sleep(500 + 1_500 * random());
    const victim = Math.floor(2 * random());
    await workers[victim]?.kill();
    workers[victim] = system.start();
  }
  bench.pfcon.interfere = () => undefined;
  await system.allOver();
  assertEquals(await Promise.all(workers.map((worker) => worker.stop())), [0, 0]);

  for (const [jobId, ends] of plans) await assertLifeOf(jobId, ends, `${jobId}, TEST_SEED=${seed}`, system);
});

/** Asserts that the job came to the model's end, each container made once, each end and each move told once. */
async function assertLifeOf(jobId: string, ends: Record<JobType, End>, what: string, { made }: System) {
  const life = lifeWith(ends);
  const workflow = await workflowOf(bench.sql, jobId);
  const steps = JOB_TYPES.filter((step) => life.ends[step]);
  assertEquals([workflow.step, workflow.status], ["completed", life.verdict], what);
  assertEquals(
    workflow.steps.map(({ step, outcome }) => [step, outcome]),
    steps.map((step) => [step, ends[step]]),
    what,
  );
  assertEquals(
    made.filter((made) => made.endsWith(` ${jobId}`)),
    steps.map((step) => `${step} ${jobId}`),
    what,
  );
  assertEquals(await confirmed(jobId), steps.map((step) => `${step} confirmed_${ends[step]}`), what);
  assertEquals((await told(jobId)).map((move) => move.split(" ").slice(0, 3).join(" ")), life.moves, what);
}

Deno.test("G14 workflows go on, each end recorded and confirmed, though the task queue's Redis forgets everything again and again", async () => {
  await using brokerServer = await tempRedis();
  await using broker = openRedis(brokerServer.url, { name: "test", log: silentLogger });
  await using system = openSystem(bench, { brokerUrl: brokerServer.url });
  const worker = system.start();
  const jobs = Array.from({ length: 6 }, (_, index) => `job-${index}`);
  for (const jobId of jobs) await system.submit(jobId);
  // Each time when there is something to forget.
  for (let losses = 0; losses < 6; losses++) {
    const before = system.made.length;
    await eventually(() => Promise.resolve(system.made.length > before || before === jobs.length * 4));
    await broker.flushall();
  }
  await system.allOver();
  assertEquals(await worker.stop(), 0);
  const well: Record<JobType, End> = { copy: DONE, plugin: DONE, upload: DONE, delete: DONE };
  for (const jobId of jobs) await assertLifeOf(jobId, well, jobId, system);
});

Deno.test("G14 what the status consumer handed over is recorded though the queue forgot it before anyone worked on it", async () => {
  await using brokerServer = await tempRedis();
  await using broker = openRedis(brokerServer.url, { name: "test", log: silentLogger });
  await using system = openSystem(bench, { brokerUrl: brokerServer.url });
  const events = lifeOf("by-someone-else", "plugin");
  const stream = shardKey("stream:job-status", shardOf("by-someone-else", 2));
  for (const event of events) await bench.redis.xadd(stream, "*", "data", encodeStatusEvent(event));
  await eventually(async () => await takenFrom(stream) === events.length);
  await broker.flushall();
  const worker = system.start();
  await eventually(async () => (await confirmed("by-someone-else")).length > 0);
  assertEquals((await listStatuses(bench.sql, "by-someone-else")).map(({ event }) => event), events);
  assertEquals(await worker.stop(), 0);
});

/** How many entries of a stream the status consumer has taken and acknowledged. */
async function takenFrom(stream: string): Promise<number> {
  const [group] = await bench.redis.xinfo("GROUPS", stream) as unknown[][];
  const field = (name: string) => Number(group?.[group.indexOf(name) + 1] ?? 0);
  return group ? field("entries-read") - field("pending") : 0;
}
