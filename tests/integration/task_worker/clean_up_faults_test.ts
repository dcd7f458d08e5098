import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { JOB_TYPES } from "lib/event/status.ts";
import { containerFlushedKey } from "lib/log_store/flushed_keys.ts";
import { PfconFaultError } from "lib/pfcon/client.ts";
import { exampleJob, json } from "lib/testing/strict_pfcon.ts";
import { OutageError } from "lib/run/outage_error.ts";
import { CleanupHeldError } from "../../../workers/task_worker/clean_up.ts";
import { endStep } from "../../../workers/task_worker/end_step.ts";
import { accept, benchOfFile, forgetAll, lifeOf, loseTurns, NOW, record } from "./bench.ts";
import { atCleanUp, cleaning } from "./cleaning.ts";
import { dump } from "./dump.ts";
import { assertPassed, crashEverywhere, FaultPoints } from "./fault_points.ts";

const bench = benchOfFile(atCleanUp);
const { prove, run, standing } = cleaning(bench);

Deno.test("G8 cleanUp() says why it waits when pfcon is away, and tells that even if Postgres is away too", async () => {
  await prove("copy", "plugin", "delete");
  bench.pfcon.interfere = () => json(500, { message: "cannot connect to the engine" });
  await assertRejects(() => run());
  assertStringIncludes(await standing(), "cannot connect to the engine");
  bench.pfcon.interfere = () => new Response("", { status: 503 });
  const points = new FaultPoints((what) => what.includes("SET held"));
  await assertRejects(() => run({}, points), OutageError, "pfcon is unavailable");
});

Deno.test("G5 cleanUp() holds when Redis has lost the proofs, and goes on when the logs are proven anew", async () => {
  await prove("copy", "plugin", "delete");
  await bench.redis.flushall();
  for (let tries = 0; tries < 3; tries++) await assertRejects(() => run(), CleanupHeldError);
  assertEquals(bench.pfcon.countOf("DELETE"), 0);
  await prove("copy", "plugin", "delete");
  await run();
  assertEquals(await standing(), "completed, finishedSuccessfully");
});

Deno.test("G5 cleanUp() holds for a container of a step that counts as not run, or was passed over", async () => {
  const { sql, pfcon } = bench;
  for (const [gone, live] of [["copy", "plugin"], ["copy", "upload"]] as const) {
    await forgetAll(bench);
    await accept(sql, "trial-1");
    const end = { result: "not-run", reason: { code: "image-pull", text: "no such image" } } as const;
    if (live === "plugin") {
      await endStep({ sql, now: () => NOW }, { jobId: "trial-1", step: gone }, {
        result: "skipped",
        reason: null,
      });
    }
    const failing = live === "plugin" ? live : gone;
    await endStep({ sql, now: () => NOW }, { jobId: "trial-1", step: failing }, end);
    await endStep({ sql, now: () => NOW }, { jobId: "trial-1", step: "delete" }, end);
    // pfcon was slow: a try that had been given up was carried out after all.
    await pfcon.client.schedule(live, { ...exampleJob, job_id: "trial-1" });
    await assertRejects(() => run(), CleanupHeldError, `the log of ${live} is not proven`);
    assertEquals(pfcon.countOf("DELETE"), 0);
    await record(sql, ...lifeOf("trial-1", live, "finishedSuccessfully", { container: 7 }));
    await bench.redis.set(containerFlushedKey("7".padStart(64, "0")), "1");
    await run();
    assertEquals(await standing(), "completed, failed");
    assertEquals(await pfcon.client.get(live, "trial-1"), null);
  }
});

Deno.test("G7 cleanUp() goes on after a DELETE that was carried out but answered with 500, or not at all", async () => {
  await prove("copy", "plugin", "delete");
  let trouble = 2;
  bench.pfcon.interfere = async (call, pass) => {
    if (!call.startsWith("DELETE plugin") || trouble-- <= 0) return;
    await pass();
    if (trouble === 1) return json(500, { message: "the engine broke off" });
    throw new TypeError("connection reset");
  };
  await assertRejects(() => run(), PfconFaultError);
  assertStringIncludes(await standing(), "the engine broke off");
  await assertRejects(() => run(), OutageError);
  await run();
  assertEquals(await standing(), "completed, finishedSuccessfully");
  for (const step of JOB_TYPES) assertEquals(await bench.pfcon.client.get(step, "trial-1"), null);
});

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
  assertPassed(points, [
    "SELECT FROM job_workflow",
    "SELECT FROM job_status_history",
    "after mget",
    ...["before get", "after get", "before remove", "after remove"],
    "SELECT pg_advisory_xact_lock",
    "UPDATE job_workflow SET current_step = ?, status",
    "INSERT INTO job_workflow_events",
    "INSERT INTO job_outbox",
    "before the commit",
    "after the commit",
  ]);
});

Deno.test("G5 cleanUp() deletes nothing more once it has lost its turn, as it does with its connection", async () => {
  await prove("copy", "plugin", "delete");
  bench.pfcon.interfere = async (call) => {
    if (!call.startsWith("DELETE")) return;
    await loseTurns(bench.sql);
  };
  await assertRejects(() => run(), OutageError);
  assertEquals(bench.pfcon.countOf("DELETE"), 1, "the one during which it was lost");
  bench.pfcon.interfere = () => undefined;
  await run();
  assertEquals(await standing(), "completed, finishedSuccessfully");
});

Deno.test("G5 G7 cleanUp() of one attempt does not complete the next, which is at its own cleanup by then", async () => {
  await prove("copy", "plugin", "delete");
  bench.pfcon.interfere = async (call) => {
    // What others may have done while this worker was frozen in its last call.
    if (call === "DELETE delete trial-1") await bench.sql`UPDATE job_workflow SET attempt = 2`;
  };
  await run();
  assertEquals(await standing(), "cleanup, running");
});
