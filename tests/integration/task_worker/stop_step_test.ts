import { assert, assertEquals, assertRejects } from "@std/assert";
import { encodeLogEvent } from "lib/event/codec.ts";
import { logEventId } from "lib/event/event_id.ts";
import type { JobType } from "lib/event/status.ts";
import { exampleJob, json } from "lib/testing/strict_pfcon.ts";
import { OutageError } from "lib/run/outage_error.ts";
import { JobBusyError } from "lib/store/job_turn.ts";
import type { Order } from "lib/task/order.ts";
import { cancel } from "../../../workers/sse_service/control/cancel.ts";
import { runStep } from "../../../workers/task_worker/run_step.ts";
import { StopHeldError, type StopSettings } from "../../../workers/task_worker/stop_step.ts";
import { accept, benchOfFile, eventOf, forgetAll, NOW, record, STOP, workflowOf } from "./bench.ts";
import { dump } from "./dump.ts";
import { assertPassed, crashEverywhere, FaultPoints } from "./fault_points.ts";
import type { Interference } from "./pfcon_bench.ts";

const JOB = "trial-1";
const ID = "1".padStart(64, "0");
const STREAM = "stream:job-logs:0";

const bench = benchOfFile(async () => {
  await forgetAll(bench);
  await accept(bench.sql, JOB);
});

/** Orders or stops the step, as its task does. */
function run(
  step: JobType = "copy",
  stop: Partial<StopSettings> = {},
  points = new FaultPoints(),
): Promise<Order | null> {
  const { sql, redis, pfcon } = bench;
  return runStep(
    {
      sql: points.sql(sql),
      redis: points.redis(redis),
      pfcon: points.pfcon(pfcon.client),
      startAttempts: 3,
      startGraceMs: 0,
      conflictPatienceMs: 600_000,
      now: () => NOW + 60_000,
      stop: { ...STOP, ...stop },
    },
    { jobId: JOB, step },
    points.signal,
  );
}

function cancelJob() {
  return cancel(bench.sql, JOB, { by: "alice", reason: null, now: NOW });
}

/** Copy runs and is told of. */
async function copyRuns(): Promise<void> {
  await run();
  await record(bench.sql, ...copyStates("notStarted", "started"));
}

function copyStates(...states: ("notStarted" | "started" | "finishedWithError" | "undefined")[]) {
  return states.map((status, at) => eventOf({ jobId: JOB, step: "copy", status, at }));
}

/** pfcon shows this log of the running container. */
function showing(logs: string): Interference {
  return async (call, pass) => {
    const answer = await pass();
    if (!call.startsWith("GET copy") || !answer.ok) return answer;
    const { compute } = await answer.json();
    return json(200, { compute: { ...compute, logs } });
  };
}

/** The log forwarder passes the lines on. */
async function passOn(lines: readonly string[], more: { container_id?: string; job_id?: string } = {}) {
  for (const [index, line] of lines.entries()) {
    const fact = {
      job_id: JOB,
      job_type: "copy" as const,
      container_name: `${JOB}-copy`,
      stream: "stdout" as const,
      timestamp: "2026-01-15T12:00:00+00:00",
      line,
    };
    const event = {
      event_id: logEventId(fact, index + 1),
      ...fact,
      eos: false,
      container_id: ID,
      seq: 1,
      ...more,
    };
    await bench.redis.xadd(STREAM, "*", "data", encodeLogEvent(event));
  }
}

async function standing(): Promise<string> {
  const { step, steps } = await workflowOf(bench.sql, JOB);
  const copy = steps.find((record) => record.step === "copy");
  return `copy ${copy?.outcome}, at ${step}`;
}

Deno.test("G7 runStep() orders nothing once the workflow is cancelled, and goes on with delete", async () => {
  await cancelJob();
  assertEquals(await run(), { jobId: JOB, kind: "runStep", step: "delete" });
  assertEquals(bench.pfcon.countOf("POST"), 0);
  assertEquals(await standing(), "copy skipped, at delete");
});

Deno.test("G7 a container is stopped that was being ordered when its workflow was cancelled", async () => {
  let busy: unknown;
  bench.pfcon.interfere = async (call, pass) => {
    if (!call.startsWith("POST")) return;
    await cancelJob();
    busy = await run().catch((error) => error); // another worker has the task to stop it
    return await pass();
  };
  await run();
  assert(busy instanceof JobBusyError, String(busy));
  assertEquals(bench.pfcon.countOf("DELETE"), 0);
  const [notStarted, started, gone] = copyStates("notStarted", "started", "undefined");
  assert(notStarted && started && gone);
  await record(bench.sql, notStarted, started);
  assertEquals(await run(), null, "its end is awaited");
  assertEquals(bench.pfcon.countOf("DELETE copy"), 1);
  await record(bench.sql, gone);
  assertEquals(await standing(), "copy undefined, at delete");
});

Deno.test("runStep() stops a running container once, and leaves its step to the end that the runtime tells", async () => {
  await copyRuns();
  await cancelJob();
  for (let times = 0; times < 3; times++) assertEquals(await run(), null);
  assertEquals(bench.pfcon.countOf("DELETE copy"), 1);
  assertEquals(await standing(), "copy null, at copy");
  const [, , end] = copyStates("notStarted", "started", "finishedWithError");
  assert(end);
  assertEquals(await record(bench.sql, end), [{ jobId: JOB, kind: "runStep", step: "delete" }]);
  assertEquals(await standing(), "copy finishedWithError, at delete");
});

Deno.test("G7 runStep() stops a container to the same rows, wherever it dies", async () => {
  const prepare = async () => {
    await forgetAll(bench);
    await accept(bench.sql, JOB);
    await copyRuns();
    await cancelJob();
  };
  const rows = async () => [
    await dump(bench.sql),
    [...await bench.sql`SELECT step, stopped_at IS NOT NULL AS stopped FROM job_step`],
  ];
  await prepare();
  await run();
  const undisturbed = await rows();
  const points = await crashEverywhere({
    prepare,
    task: async (points) => void await run("copy", {}, points),
    check: async (where) => {
      assertEquals(await rows(), undisturbed, where);
      assertEquals(await bench.pfcon.client.get("copy", JOB), null, where);
      assertEquals(bench.pfcon.countOf("POST"), 1, where);
    },
  });
  assertPassed(points, [
    "after get",
    "UPDATE job_step SET stopped_at",
    "SELECT 1",
    "before remove",
    "after remove",
  ]);
});

Deno.test("runStep() ends a stopped step of which nobody told how it ended", async () => {
  await copyRuns();
  await cancelJob();
  assertEquals(await run("copy", { untoldMs: 0 }), null);
  assertEquals(await run("copy", { untoldMs: 0 }), { jobId: JOB, kind: "runStep", step: "delete" });
  assertEquals(await standing(), "copy undefined, at delete");
});

Deno.test("G7 runStep() ends no stopped step as long as states of its job are on their way into the record", async () => {
  await copyRuns();
  await cancelJob();
  let more = true;
  const stop = { untoldMs: 0, hasMore: (jobId: string) => Promise.resolve(more && jobId === JOB) };
  for (let times = 0; times < 3; times++) assertEquals(await run("copy", stop), null);
  assertEquals(await standing(), "copy null, at copy");
  more = false;
  await run("copy", stop);
  assertEquals(await standing(), "copy undefined, at delete");
});

Deno.test("G5 runStep() does not stop a container whose lines are not passed on, and says so", async () => {
  await copyRuns();
  await cancelJob();
  bench.pfcon.interfere = showing("one\ntwo\nthree\n");
  await passOn(["one", "two"]);
  await passOn(["three"], { job_id: "trial-2" });
  await passOn(["three"], { container_id: "f".repeat(64) });
  await assertRejects(() => run(), StopHeldError, "its last lines are not passed on");
  assertEquals(bench.pfcon.countOf("DELETE"), 0);
  const [copy] = (await workflowOf(bench.sql, JOB)).steps;
  assert(copy?.lastError?.includes("is the log forwarder running?"), copy?.lastError ?? "nothing noted");
  await passOn(["three"]);
  assertEquals(await run(), null);
  assertEquals(bench.pfcon.countOf("DELETE"), 1);
});

Deno.test("G3 runStep() stops no container before its start is recorded: nobody could tell of it any more", async () => {
  await run();
  await record(bench.sql, ...copyStates("notStarted"));
  await cancelJob();
  await assertRejects(() => run(), StopHeldError, "is the event forwarder running?");
  assertEquals(bench.pfcon.countOf("DELETE"), 0);
  await record(bench.sql, ...copyStates("notStarted", "started"));
  assertEquals(await run(), null);
  assertEquals(bench.pfcon.countOf("DELETE"), 1);
});

Deno.test("G5 runStep() waits a moment for lines that are on their way before it stops a container", async () => {
  await copyRuns();
  await cancelJob();
  bench.pfcon.interfere = showing("one\n");
  const stopping = run("copy", { catchUpMs: 60_000 });
  await passOn(["one"]);
  assertEquals(await stopping, null);
  assertEquals(bench.pfcon.countOf("DELETE"), 1);
});

Deno.test("runStep() takes lines for passed on that left the stream long ago, if the forwarder has counted as many", async () => {
  await copyRuns();
  await cancelJob();
  bench.pfcon.interfere = showing("one\ntwo\n");
  const cursor = (seq: number) => JSON.stringify({ since: null, at: {}, seq, eos: null });
  await bench.redis.set(`chris:log-forwarder:cursor:${ID}`, cursor(1));
  await assertRejects(() => run(), StopHeldError);
  await bench.redis.set(`chris:log-forwarder:cursor:${ID}`, cursor(2));
  assertEquals(await run(), null);
});

Deno.test("runStep() under the policy quiescence stops a container in any case, some time after the request", async () => {
  await copyRuns();
  await cancelJob();
  bench.pfcon.interfere = showing("one\n");
  await assertRejects(() => run("copy", { forceAfterMs: 60_001 }), StopHeldError);
  assertEquals(await run("copy", { forceAfterMs: 60_000 }), null);
  assertEquals(bench.pfcon.countOf("DELETE"), 1);
});

Deno.test("G5 runStep() removes no container that ended by itself before it could be stopped", async () => {
  await copyRuns();
  bench.pfcon.setState("copy", JOB, "finishedSuccessfully");
  await cancelJob();
  assertEquals(await run(), null);
  assertEquals(bench.pfcon.countOf("DELETE"), 0);
  const end = eventOf({ jobId: JOB, step: "copy", status: "finishedSuccessfully", at: 2 });
  assertEquals(await record(bench.sql, end), [{ jobId: JOB, kind: "runStep", step: "delete" }]);
  assertEquals(await standing(), "copy finishedSuccessfully, at delete");
});

Deno.test("runStep() removes a container that was made and never started, and passes its step over", async () => {
  await run();
  bench.pfcon.setState("copy", JOB, "notStarted");
  await cancelJob();
  assertEquals(await run(), { jobId: JOB, kind: "runStep", step: "delete" });
  assertEquals(bench.pfcon.countOf("DELETE copy"), 1);
  assertEquals(await standing(), "copy skipped, at delete");
});

Deno.test("G8 an outage of pfcon only puts the stop off", async () => {
  await copyRuns();
  await cancelJob();
  bench.pfcon.interfere = () => json(500, { message: "no engine" });
  await assertRejects(() => run(), OutageError);
  bench.pfcon.interfere = () => undefined;
  assertEquals(await run(), null);
  assertEquals(bench.pfcon.countOf("DELETE copy"), 1);
});

Deno.test("a container that an order made whose answer was lost is stopped when delete meets it", async () => {
  await cancelJob();
  await run();
  // pfcon had been pulling the image all the while.
  await bench.pfcon.client.schedule("copy", { ...exampleJob, job_id: JOB });
  await record(bench.sql, ...copyStates("notStarted", "started"));
  bench.pfcon.interfere = async (call, pass) => {
    if (!call.startsWith("POST delete")) return await pass();
    const copy = await bench.pfcon.strict.client().get("copy", JOB);
    return copy ? json(409, { message: "copy is still running" }) : await pass();
  };
  await assertRejects(() => run("delete"), Error, "still running");
  assertEquals(bench.pfcon.countOf("DELETE copy"), 1);
  assertEquals(await run("delete"), null);
  assert((await workflowOf(bench.sql, JOB)).steps.find(({ step }) => step === "delete")?.orderedAt);
});
