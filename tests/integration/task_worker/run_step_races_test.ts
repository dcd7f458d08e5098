import { assert, assertEquals, assertRejects } from "@std/assert";
import type { JobType } from "lib/event/status.ts";
import { exampleJob as JOB, json } from "lib/testing/strict_pfcon.ts";
import { PfconConflictError } from "lib/pfcon/client.ts";
import { OutageError } from "lib/run/outage_error.ts";
import { JobBusyError } from "lib/store/job_turn.ts";
import type { Order } from "../../../workers/task_worker/apply_fact.ts";
import { StartFailedError } from "../../../workers/task_worker/look_up.ts";
import { runStep } from "../../../workers/task_worker/run_step.ts";
import { accept, benchOfFile, forgetAll, lifeOf, loseTurns, NOW, record, STOP, workflowOf } from "./bench.ts";
import { dump } from "./dump.ts";
import { assertPassed, crashEverywhere, FaultPoints } from "./fault_points.ts";
import { type Interference, skipped } from "./pfcon_bench.ts";

const bench = benchOfFile(prepare);

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
    conflictPatienceMs: 600_000,
    stop: STOP,
    now: () => NOW,
  };
  return runStep(context, { jobId: "trial-1", step }, points.signal);
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
    assertPassed(points, [
      "SELECT FROM job_workflow",
      "after get",
      "after del",
      "before schedule",
      "BEGIN",
      "before the commit",
    ]);
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

Deno.test("G5 G7 runStep() that was stopped just before its order does not run over what another worker did meanwhile", async () => {
  let made = 0;
  bench.pfcon.onMade = () => made++;
  let stopped = true;
  bench.pfcon.interfere = async (call) => {
    if (!call.startsWith("GET") || !stopped) return;
    stopped = false;
    // The queue gives the task to another worker, and the container that it orders fails before the first goes on.
    await assertRejects(() => run(), JobBusyError);
    if (made > 0) bench.pfcon.setState("copy", "trial-1", "finishedWithError");
  };
  assertEquals(await run(), null);
  assertEquals([made, bench.pfcon.countOf("POST")], [1, 1]);
});

Deno.test("G7 runStep() orders nothing once it has lost its turn, as it does with its connection", async () => {
  bench.pfcon.interfere = async (call) => {
    if (!call.startsWith("GET")) return;
    await loseTurns(bench.sql);
  };
  await assertRejects(() => run(), OutageError);
  assertEquals(bench.pfcon.countOf("POST"), 0);
  bench.pfcon.interfere = () => undefined;
  assertEquals(await run(), null);
  assertEquals(bench.pfcon.countOf("POST"), 1);
});

Deno.test("G5 G7 runStep() removes nothing once it has lost its turn: what it saw may be another's by now", async () => {
  for (const status of ["notStarted", "undefined"] as const) {
    await prepare();
    await bench.pfcon.client.schedule("copy", { ...JOB, job_id: "trial-1" });
    bench.pfcon.setState("copy", "trial-1", status, status === "undefined" ? "dead" : undefined);
    bench.pfcon.interfere = async (call) => {
      if (!call.startsWith("GET")) return;
      await loseTurns(bench.sql);
    };
    await assertRejects(() => run(), OutageError);
    assertEquals(bench.pfcon.countOf("DELETE"), 0, status);
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

Deno.test("G7 runStep() takes no container for ended that pfcon calls failed only because it is being removed", async () => {
  await bench.pfcon.client.schedule("copy", { ...JOB, job_id: "trial-1" });
  bench.pfcon.setState("copy", "trial-1", "finishedWithError", "removing");
  await assertRejects(() => run(), StartFailedError, "removing");
  assertEquals(bench.pfcon.countOf("DELETE"), 0, "somebody is at it");
  bench.pfcon.setState("copy", "trial-1", "finishedWithError", "dead");
  await assertRejects(() => run(), StartFailedError, "dead");
  assertEquals(await run(), null, "its removal had failed, and is done again");
  assertEquals([bench.pfcon.countOf("POST"), bench.pfcon.countOf("DELETE")], [2, 1]);
  const [copy] = (await workflowOf(bench.sql, "trial-1")).steps;
  assertEquals([copy?.startAttempts, copy?.outcome], [0, null]);
  assert(copy?.orderedAt);
});

Deno.test("G7 runStep() does not give a step up because a lost race left something that is being removed", async () => {
  bench.pfcon.interfere = async (call, pass) => {
    if (!call.startsWith("POST")) return;
    await pass();
    bench.pfcon.setState("copy", "trial-1", "finishedWithError", "dead");
    return json(500, { message: 'Conflict. The container name "/trial-1-copy" is already in use' });
  };
  await assertRejects(() => run(), StartFailedError);
  assertEquals((await workflowOf(bench.sql, "trial-1")).step, "copy");
});

Deno.test("G7 runStep() clears away what an earlier step left unstarted, when pfcon refuses because of it", async () => {
  const { pfcon, sql } = bench;
  const made = async () => {
    await pfcon.client.schedule("copy", { ...JOB, job_id: "trial-1" });
    pfcon.setState("copy", "trial-1", "notStarted");
  };
  const refusing: Interference = async (call) =>
    call === "POST delete trial-1" && await pfcon.strict.client().get("copy", "trial-1") !== null
      ? json(409, { message: "the copy job is notStarted" })
      : undefined;
  await record(sql, ...lifeOf("trial-1", "copy", "finishedWithError"));
  await made();
  pfcon.interfere = refusing;
  await assertRejects(() => run(undefined, { step: "delete" }), PfconConflictError);
  assertEquals(pfcon.countOf("DELETE copy"), 1);
  assertEquals(await run(undefined, { step: "delete" }), null);

  await prepare();
  await record(sql, ...lifeOf("trial-1", "copy", "finishedWithError"));
  await made();
  pfcon.interfere = async (call) => {
    if (call.startsWith("GET copy")) pfcon.setState("copy", "trial-1", "started");
    return await refusing(call, () => Promise.reject());
  };
  await assertRejects(() => run(undefined, { step: "delete" }), PfconConflictError);
  assertEquals(pfcon.countOf("DELETE"), 0, "what runs has a log");
});

Deno.test("G7 runStep() clears nothing away if the next attempt has begun since pfcon refused", async () => {
  const { pfcon, sql } = bench;
  await record(sql, ...lifeOf("trial-1", "copy", "finishedWithError"));
  pfcon.interfere = async (call) => {
    if (!call.startsWith("POST delete")) return;
    // This worker was paused; meanwhile others brought the job to its end, and to the beginning of another attempt.
    await sql`UPDATE job_workflow SET attempt = 2, current_step = 'copy'`;
    pfcon.interfere = () => undefined;
    await pfcon.client.schedule("copy", { ...JOB, job_id: "trial-1" });
    pfcon.setState("copy", "trial-1", "notStarted");
    return json(409, { message: "the copy job is notStarted" });
  };
  await assertRejects(() => run(undefined, { step: "delete" }), PfconConflictError);
  assertEquals(pfcon.countOf("DELETE"), 0);
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

Deno.test("G7 runStep() gives the container of the order that won a moment to start, too", async () => {
  let looks = 0;
  bench.pfcon.interfere = async (call, pass) => {
    if (call.startsWith("GET") && ++looks === 3) bench.pfcon.setState("copy", "trial-1", "started");
    if (!call.startsWith("POST")) return;
    await pass();
    bench.pfcon.setState("copy", "trial-1", "notStarted");
    return json(500, { message: 'Conflict. The container name "/trial-1-copy" is already in use' });
  };
  assertEquals(await run(new FaultPoints(), { startGraceMs: 1_000 }), null);
  const [copy] = (await workflowOf(bench.sql, "trial-1")).steps;
  assert(copy?.orderedAt);
  assertEquals([copy.startAttempts, bench.pfcon.countOf("DELETE")], [0, 0]);
});
