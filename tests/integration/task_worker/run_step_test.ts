import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { JobType } from "lib/event/status.ts";
import { PfconConflictError } from "lib/pfcon/client.ts";
import { exampleJob, json } from "lib/testing/strict_pfcon.ts";
import { OutageError } from "lib/run/outage_error.ts";
import type { Order } from "../../../workers/task_worker/apply_fact.ts";
import { StartFailedError } from "../../../workers/task_worker/look_up.ts";
import { runStep, type RunStepContext } from "../../../workers/task_worker/run_step.ts";
import { accept, benchOfFile, forgetAll, lifeOf, NOW, record, STOP, workflowOf } from "./bench.ts";
import { FaultPoints } from "./fault_points.ts";
import { type Interference, skipped } from "./pfcon_bench.ts";

const bench = benchOfFile(async () => {
  await forgetAll(bench);
  await accept(bench.sql, "trial-1");
});

const NEXT: Record<JobType, Order> = {
  copy: { jobId: "trial-1", kind: "runStep", step: "plugin" },
  plugin: { jobId: "trial-1", kind: "runStep", step: "upload" },
  upload: { jobId: "trial-1", kind: "runStep", step: "delete" },
  delete: { jobId: "trial-1", kind: "cleanUp" },
};

function run(
  step: JobType,
  changes: Partial<RunStepContext> = {},
  points = new FaultPoints(),
): Promise<Order | null> {
  const context: RunStepContext = {
    sql: points.sql(bench.sql),
    redis: points.redis(bench.redis),
    pfcon: points.pfcon(bench.pfcon.client),
    startAttempts: 3,
    startGraceMs: 0,
    conflictPatienceMs: 600_000,
    stop: STOP,
    now: () => NOW,
    ...changes,
  };
  return runStep(context, { jobId: "trial-1", step }, new AbortController().signal);
}

async function stepOf(step: JobType) {
  const { steps } = await workflowOf(bench.sql, "trial-1");
  const found = steps.find((record) => record.step === step);
  assert(found, `${step} has not begun`);
  return found;
}

/** Answers orders with 500; `created` leaves a container that was made but not started, as Docker does. */
function failing(detail: string, { created = false } = {}): Interference {
  return async (call, pass) => {
    if (!call.startsWith("POST")) return;
    if (created) {
      await pass();
      const [, step, jobId = ""] = call.split(" ");
      bench.pfcon.setState(step as JobType, jobId, "notStarted");
    }
    return json(500, { message: detail });
  };
}

Deno.test("runStep() orders the step once, and notes that it did", async () => {
  assertEquals(await run("copy"), null);
  assert((await stepOf("copy")).orderedAt instanceof Date);
  assertEquals(await run("copy"), null);
  assertEquals(bench.pfcon.calls, ["GET copy trial-1", "POST copy trial-1"]);
});

Deno.test("runStep() does nothing for a step that is past, is not yet due, or has no workflow", async () => {
  await record(bench.sql, ...lifeOf("trial-1", "copy"));
  assertEquals(await run("copy"), null, "past");
  assertEquals(await run("delete"), null, "not yet due");
  await bench.sql`DELETE FROM job_workflow`;
  assertEquals(await run("plugin"), null, "no workflow");
  assertEquals(bench.pfcon.calls, []);
});

Deno.test("runStep() passes over what this pfcon does not need, and its log, being none, is flushed", async () => {
  bench.pfcon.interfere = (call) =>
    call.startsWith("POST") && !call.includes("plugin") ? skipped(call) : undefined;
  for (const step of ["copy", "plugin", "upload", "delete"] as const) {
    if (step === "plugin") assertEquals(await record(bench.sql, ...lifeOf("trial-1", step)), [NEXT.plugin]);
    else {
      assertEquals(await run(step), NEXT[step]);
      assertEquals((await stepOf(step)).outcome, "skipped");
      assertEquals(await bench.redis.get(`job:trial-1:${step}:logs_flushed`), "1");
      const ttl = await bench.redis.ttl(`job:trial-1:${step}:logs_flushed`);
      assert(ttl > 3_500 && ttl <= 3_600, `${ttl} s`);
    }
  }
});

Deno.test("runStep() withdraws the proof of an earlier container of the name before it orders a new one", async () => {
  await bench.redis.set("job:trial-1:copy:logs_flushed", "1");
  await run("copy");
  assertEquals(await bench.redis.exists("job:trial-1:copy:logs_flushed"), 0);
});

Deno.test("runStep() tries again on 409, and says meanwhile what it waits for", async () => {
  let conflicts = 2;
  bench.pfcon.interfere = (call) =>
    call.startsWith("POST") && conflicts-- > 0
      ? json(409, { message: "the copy job is started" })
      : undefined;
  await assertRejects(() => run("copy"), PfconConflictError);
  await assertRejects(() => run("copy"), PfconConflictError);
  const waiting = await stepOf("copy");
  assertStringIncludes(waiting.lastError ?? "", "the copy job is started");
  assertEquals([waiting.startAttempts, waiting.orderedAt], [0, null]);
  assertEquals(await run("copy"), null);
  assertEquals((await stepOf("copy")).lastError, null);
});

Deno.test("G7 runStep() gives a step up that pfcon has long found not possible, when nothing it builds on is running any more", async () => {
  const { sql, pfcon } = bench;
  const why = (call: string) =>
    call.startsWith("POST") ? json(409, { message: "there is no copy job" }) : undefined;
  const patience = { conflictPatienceMs: 60_000 };
  const age = () => sql`UPDATE job_step SET conflict_since = conflict_since - interval '1 minute'`;
  await record(sql, ...lifeOf("trial-1", "copy"));
  pfcon.interfere = why;
  await assertRejects(() => run("plugin", patience), PfconConflictError);
  await age();
  pfcon.interfere = () => new Response("", { status: 503 });
  await assertRejects(() => run("plugin", patience), OutageError);
  pfcon.interfere = why;
  await assertRejects(() => run("plugin", patience), PfconConflictError, "no copy job");
  await age();
  pfcon.interfere = () => undefined;
  await pfcon.client.schedule("copy", { ...exampleJob, job_id: "trial-1" });
  pfcon.interfere = why;
  await assertRejects(() => run("plugin", patience), PfconConflictError);
  pfcon.setState("copy", "trial-1", "finishedWithError");
  assertEquals(await run("plugin", patience), { jobId: "trial-1", kind: "runStep", step: "delete" });
  const { outcome, reason } = await stepOf("plugin");
  assertEquals([outcome, reason?.code], ["not-run", "rejected-by-pfcon"]);
  assertStringIncludes(reason?.text ?? "", "there is no copy job");
});

Deno.test("G7 runStep() clears away a container that could not be started, and gives the step up at once", async () => {
  bench.pfcon.interfere = failing("OCI runtime create failed: no such file", { created: true });
  assertEquals(await run("copy"), { jobId: "trial-1", kind: "runStep", step: "delete" });
  const { outcome, reason } = await stepOf("copy");
  assertEquals([outcome, reason], ["not-run", {
    code: "start-failed",
    text: "OCI runtime create failed: no such file",
  }]);
  assertEquals(bench.pfcon.countOf("POST copy"), 1);
  assertEquals(bench.pfcon.countOf("DELETE copy"), 1);
  assertEquals(await bench.pfcon.client.get("copy", "trial-1"), null);
});

Deno.test("runStep() calls an image that cannot be pulled image-pull", async () => {
  bench.pfcon.interfere = failing("404 Client Error for .../images/create: Not Found (manifest unknown\0)");
  await assertRejects(() => run("copy", { startAttempts: 2 }), StartFailedError);
  await run("copy", { startAttempts: 2 });
  const { outcome, reason } = await stepOf("copy");
  assertEquals([outcome, reason?.code], ["not-run", "image-pull"]);
  assertStringIncludes(
    reason?.text ?? "",
    "manifest unknown␀",
    "also a text that Postgres cannot hold ends the step",
  );
});

Deno.test("runStep() tries a fault that need not be the job's far more often", async () => {
  bench.pfcon.interfere = failing("something broke");
  for (let attempt = 1; attempt < 8; attempt++) {
    await assertRejects(() => run("copy", { startAttempts: 2 }), StartFailedError);
  }
  assertEquals(await run("copy", { startAttempts: 2 }), {
    jobId: "trial-1",
    kind: "runStep",
    step: "delete",
  });
});

Deno.test("runStep() ends a step that pfcon rejects", async () => {
  bench.pfcon.interfere = (call) =>
    call.startsWith("POST") ? json(400, { message: { image: "is odd" } }) : undefined;
  assertEquals(await run("copy"), { jobId: "trial-1", kind: "runStep", step: "delete" });
  const { outcome, reason } = await stepOf("copy");
  assertEquals([outcome, reason?.code], ["not-run", "rejected-by-pfcon"]);
  assertStringIncludes(reason?.text ?? "", "image: is odd");
});

Deno.test("runStep() ends a step whose parameters nobody can read", async () => {
  await bench.sql`UPDATE job_workflow SET params = '{"image": 7}'`;
  assertEquals(await run("copy"), { jobId: "trial-1", kind: "runStep", step: "delete" });
  assertEquals((await stepOf("copy")).reason?.code, "config");
});

Deno.test("G8 runStep() waits while pfcon is away, or the engine behind it, and counts no try", async () => {
  const { pfcon } = bench;
  const away: Record<string, Interference> = {
    "nothing listens": () => Promise.reject(new TypeError("connection refused")),
    "a proxy answers": () => new Response("<h1>bad gateway</h1>", { status: 502 }),
    "the engine is dead": () => json(500, { message: "cannot connect to the engine" }),
  };
  for (const [how, interfere] of Object.entries(away)) {
    pfcon.interfere = interfere;
    const error = await assertRejects(() => run("copy"), OutageError);
    const { lastError, startAttempts, outcome, orderedAt } = await stepOf("copy");
    assertEquals([lastError, startAttempts, outcome, orderedAt], [error.message, 0, null, null], how);
  }
  pfcon.interfere = (call) =>
    call.startsWith("POST") ? json(500, { message: "engine" }) : json(500, { message: "dead" });
  await assertRejects(() => run("copy"), OutageError, "the engine behind pfcon");
  assertEquals((await stepOf("copy")).startAttempts, 0);
});

Deno.test("G8 runStep() tells what pfcon's trouble is even if Postgres is away too", async () => {
  const points = new FaultPoints((what) => what.includes("last_error = "));
  bench.pfcon.interfere = () => new Response("", { status: 503 });
  await assertRejects(() => run("copy", {}, points), OutageError, "pfcon is unavailable");
});

Deno.test("runStep() notes nothing when it is cut off because the worker stops", async () => {
  const stop = new AbortController();
  bench.pfcon.interfere = () => {
    stop.abort();
    return Promise.reject(new TypeError("cut"));
  };
  const { sql, redis, pfcon } = bench;
  const context = {
    sql,
    redis,
    pfcon: pfcon.client,
    startAttempts: 3,
    startGraceMs: 0,
    conflictPatienceMs: 600_000,
    stop: STOP,
    now: () => NOW,
  };
  await assertRejects(() => runStep(context, { jobId: "trial-1", step: "copy" }, stop.signal));
  assertEquals((await stepOf("copy")).lastError, null);
});
