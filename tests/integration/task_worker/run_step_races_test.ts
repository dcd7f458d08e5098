import { assert, assertEquals, assertRejects } from "@std/assert";
import type { JobType } from "lib/event/status.ts";
import { exampleJob as JOB, json } from "lib/pfcon/strict_pfcon.ts";
import type { Order } from "../../../workers/task_worker/apply_fact.ts";
import { StartFailedError } from "../../../workers/task_worker/look_up.ts";
import { runStep } from "../../../workers/task_worker/run_step.ts";
import { accept, type Bench, forgetAll, lifeOf, NOW, openBench, record, workflowOf } from "./bench.ts";
import { dump } from "./dump.ts";
import { crashEverywhere, FaultPoints } from "./fault_points.ts";
import { type Interference, skipped } from "./pfcon_bench.ts";

let bench: Bench;
Deno.test.beforeAll(async () => {
  bench = await openBench();
});
Deno.test.beforeEach(prepare);
Deno.test.afterAll(async () => await bench[Symbol.asyncDispose]());

async function prepare(): Promise<void> {
  await forgetAll(bench);
  await accept(bench.sql, "trial-1");
}

function run(
  points = new FaultPoints(),
  { step = "copy" as JobType, startGraceMs = 0 } = {},
): Promise<Order | null> {
  const context = {
    sql: points.sql(bench.sql),
    redis: points.redis(bench.redis),
    pfcon: points.pfcon(bench.pfcon.client),
    startAttempts: 3,
    startGraceMs,
    now: () => NOW,
  };
  return runStep(context, { jobId: "trial-1", step }, new AbortController().signal);
}

const ENDS: Record<string, { interfere: Interference; posts: number }> = {
  "is accepted": { interfere: () => undefined, posts: 1 },
  "is not needed": { interfere: (call) => call.startsWith("POST") ? skipped(call) : undefined, posts: 2 },
  "is rejected": {
    interfere: (call) => call.startsWith("POST") ? json(400, { message: "no" }) : undefined,
    posts: 2,
  },
};

for (const [end, { interfere, posts }] of Object.entries(ENDS)) {
  Deno.test(`G7 runStep() comes to the same end wherever it dies, when the order ${end}`, async () => {
    await prepare();
    bench.pfcon.interfere = interfere;
    await run();
    const undisturbed = await dump(bench.sql);
    const points = await crashEverywhere({
      prepare: async () => {
        await prepare();
        bench.pfcon.interfere = interfere;
      },
      task: async (points) => void await run(points),
      check: async (where) => {
        assertEquals(await dump(bench.sql), undisturbed, where);
        assert(bench.pfcon.countOf("POST") <= posts, `${where}: ${bench.pfcon.calls.join(", ")}`);
        assertEquals(bench.pfcon.countOf("DELETE"), 0, where);
      },
    });
    assert(points > 10, `only ${points} points`);
  });
}

Deno.test("G7 runStep() never runs a step twice, whatever its container has come to when the order is repeated", async () => {
  for (const status of ["started", "finishedSuccessfully", "finishedWithError"] as const) {
    await prepare();
    const died = new FaultPoints((what) => what === "after schedule");
    await assertRejects(() => run(died));
    bench.pfcon.setState("copy", "trial-1", status);
    assertEquals(await run(), null);
    assertEquals([bench.pfcon.countOf("POST"), bench.pfcon.countOf("DELETE")], [1, 0], status);
    const [copy] = (await workflowOf(bench.sql, "trial-1")).steps;
    assert(copy?.orderedAt);
  }
});

Deno.test("runStep() leaves the step alone that its container's end has overtaken", async () => {
  bench.pfcon.interfere = async (call, pass) => {
    const answer = await pass();
    if (call.startsWith("POST")) await record(bench.sql, ...lifeOf("trial-1", "copy"));
    return answer;
  };
  assertEquals(await run(), null);
  const { step, steps } = await workflowOf(bench.sql, "trial-1");
  assertEquals([step, steps.map(({ step, outcome }) => `${step} ${outcome}`)], ["plugin", [
    "copy finishedSuccessfully",
    "plugin null",
  ]]);
});

Deno.test("runStep() ends a step by the record when its container ended before the workflow came to it", async () => {
  await bench.pfcon.client.schedule("copy", { ...JOB, job_id: "trial-1" });
  bench.pfcon.setState("copy", "trial-1", "finishedWithError");
  await bench.sql`DELETE FROM job_workflow`;
  await record(bench.sql, ...lifeOf("trial-1", "copy", "finishedWithError"));
  await accept(bench.sql, "trial-1");
  assertEquals(await run(), { jobId: "trial-1", kind: "runStep", step: "delete" });
  const [copy] = (await workflowOf(bench.sql, "trial-1")).steps;
  assertEquals([copy?.outcome, copy?.exitCode], ["finishedWithError", 3]);
  assertEquals(bench.pfcon.countOf("POST"), 1, "the one of the earlier run");
});

Deno.test("runStep() gives a container that was made a moment to start, then makes it anew", async () => {
  const died = new FaultPoints((what) => what === "after schedule");
  await assertRejects(() => run(died));
  bench.pfcon.setState("copy", "trial-1", "notStarted");
  let looks = 0;
  bench.pfcon.interfere = (call) => {
    if (call.startsWith("GET") && ++looks === 2) bench.pfcon.setState("copy", "trial-1", "started");
    return undefined;
  };
  assertEquals(await run(new FaultPoints(), { startGraceMs: 1_000 }), null);
  assertEquals([bench.pfcon.countOf("POST"), bench.pfcon.countOf("DELETE")], [1, 0]);

  await prepare();
  await assertRejects(() => run(new FaultPoints((what) => what === "after schedule")));
  bench.pfcon.setState("copy", "trial-1", "notStarted");
  assertEquals(await run(new FaultPoints(), { startGraceMs: 1 }), null);
  assertEquals([bench.pfcon.countOf("POST"), bench.pfcon.countOf("DELETE")], [2, 1]);
});

Deno.test("runStep() waits until a container that is being removed is gone", async () => {
  await bench.pfcon.client.schedule("copy", { ...JOB, job_id: "trial-1" });
  bench.pfcon.setState("copy", "trial-1", "undefined");
  await assertRejects(() => run(), StartFailedError, "removing");
  assertEquals(bench.pfcon.countOf("DELETE"), 0);
  await bench.pfcon.client.remove("copy", "trial-1");
  assertEquals(await run(), null);
  const [copy] = (await workflowOf(bench.sql, "trial-1")).steps;
  assertEquals([copy?.startAttempts, copy?.lastError], [0, null]);
});

Deno.test("runStep() takes the container of the order that won when two met", async () => {
  let races = 1;
  bench.pfcon.interfere = async (call, pass) => {
    if (!call.startsWith("POST") || races-- === 0) return;
    await pass();
    return json(500, { message: 'Conflict. The container name "/trial-1-copy" is already in use' });
  };
  assertEquals(await run(), null);
  const [copy] = (await workflowOf(bench.sql, "trial-1")).steps;
  assert(copy?.orderedAt);
  assertEquals([copy.startAttempts, bench.pfcon.countOf("DELETE")], [0, 0]);
});
