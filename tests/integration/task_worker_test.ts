import { assert, assertEquals } from "@std/assert";
import { JOB_TYPES, type JobType } from "lib/event/status.ts";
import { json } from "lib/pfcon/strict_pfcon.ts";
import { sleep } from "lib/run/sleep.ts";
import { shardKey, shardOf } from "lib/stream/keys.ts";
import { type Bench, entriesOf, forgetAll, openBench, workflowOf } from "./task_worker/bench.ts";
import { type Interference, skipped } from "./task_worker/pfcon_bench.ts";
import { type End, openSystem } from "./task_worker/system.ts";

let bench: Bench;
Deno.test.beforeAll(async () => {
  bench = await openBench();
});
Deno.test.beforeEach(() => forgetAll(bench));
Deno.test.afterAll(async () => await bench[Symbol.asyncDispose]());

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
  return entries.filter(({ event }) => event.job_id === jobId).map(({ event }) =>
    `${event.job_type} ${event.status}`
  );
}

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
  await using system = openSystem(bench, (jobId, step) => ends[jobId]?.[step] ?? "finishedSuccessfully");
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
  for (const jobId of jobs) {
    const deletes = bench.pfcon.calls.filter((call) =>
      call.startsWith("DELETE") && call.endsWith(` ${jobId}`)
    );
    assertEquals(deletes, JOB_TYPES.map((step) => `DELETE ${step} ${jobId}`));
  }
});

/** Numbers in [0, 1) that follow from `seed` alone. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Answers of a pfcon that has a bad day. */
function badDay(random: () => number): Interference {
  return async (call, pass) => {
    const luck = random();
    if (luck < 0.1) return new Response("<h1>bad gateway</h1>", { status: 502 });
    if (luck < 0.2) return json(500, { message: "the engine has the hiccups" });
    if (luck < 0.3 && call.startsWith("POST")) return json(409, { message: "not yet" });
    if (luck < 0.4 && call.startsWith("POST")) { // done, but the answer is lost
      await pass();
      return new Response("", { status: 504 });
    }
    return undefined;
  };
}

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
  await using system = openSystem(bench, (jobId, step) => plans.get(jobId)?.[step] ?? "undefined");
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

  for (const [jobId, ends] of plans) {
    const well = (step: JobType) => ends[step] === "finishedSuccessfully";
    const steps = JOB_TYPES.filter((step) =>
      step === "delete" || step === "copy" || (well("copy") && (step === "plugin" || well("plugin")))
    );
    const verdict = !well("copy")
      ? "failed"
      : !well("plugin")
      ? "finishedWithError"
      : well("upload")
      ? "finishedSuccessfully"
      : "failed";
    const workflow = await workflowOf(bench.sql, jobId);
    const what = `${jobId}, TEST_SEED=${seed}`;
    assertEquals([workflow.step, workflow.status], ["completed", verdict], what);
    assertEquals(
      workflow.steps.map(({ step, outcome }) => [step, outcome]),
      steps.map((step) => [step, ends[step]]),
      what,
    );
    assertEquals(
      system.made.filter((made) => made.endsWith(` ${jobId}`)),
      steps.map((step) => `${step} ${jobId}`),
      what,
    );
    assertEquals(await confirmed(jobId), steps.map((step) => `${step} confirmed_${ends[step]}`), what);
    const moves = await told(jobId);
    assertEquals(new Set(moves).size, moves.length, what);
    assert(moves.at(-1)?.startsWith("completed"), what);
  }
});
