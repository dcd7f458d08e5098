import { assert, assertEquals, assertThrows } from "@std/assert";
import { JobParams } from "lib/job/job_params.ts";
import { exampleJob, json } from "lib/testing/strict_pfcon.ts";
import { silentLogger as log } from "lib/run/log.ts";
import { markOrdered } from "lib/store/steps.ts";
import type { Order } from "../../../workers/task_worker/apply_fact.ts";
import { submit } from "../../../workers/sse_service/jobs/submit.ts";
import { runStep } from "../../../workers/task_worker/run_step.ts";
import { Sweep } from "../../../workers/task_worker/sweep.ts";
import { accept, benchOfFile, forgetAll, lifeOf, NOW, record, STOP } from "./bench.ts";
import { dump } from "./dump.ts";
import { assertPassed, crashEverywhere, FaultPoints, InjectedCrash } from "./fault_points.ts";

const bench = benchOfFile();

/** Something that the task worker or the API does, with what it is done to. */
interface Deed {
  readonly prepare: () => Promise<void>;
  readonly task: (points: FaultPoints) => Promise<void>;
  /** Points that it must pass: so it is seen that they were really found. */
  readonly passes: readonly string[];
  /** Orders of the step's container, at most. @default 0 */
  readonly posts?: number;
  /** Columns of `job_step` that may differ: a try that a crash cut off is counted. */
  readonly counted?: readonly string[];
}

async function ordered(): Promise<void> {
  await accept(bench.sql, "trial-1");
  await bench.pfcon.client.schedule("copy", { ...exampleJob, job_id: "trial-1" });
  await markOrdered(bench.sql, "trial-1", "copy");
  bench.pfcon.calls = [];
}

let given: Order[] = [];

async function sweep(points: FaultPoints): Promise<void> {
  const { sql, pfcon } = bench;
  given = [];
  await new Sweep({
    sql: points.sql(sql),
    pfcon: points.pfcon(pfcon.client),
    orders: points.around({ give: (order) => Promise.resolve(void (order && given.push(order))) }),
    hasMore: () => Promise.resolve(false),
    everyMs: 0,
    silentMs: 0,
    log,
    now: () => NOW,
  }).runOnce(points.signal);
}

async function order(points: FaultPoints): Promise<void> {
  const { sql, redis, pfcon } = bench;
  await runStep(
    {
      sql: points.sql(sql),
      redis: points.redis(redis),
      pfcon: points.pfcon(pfcon.client),
      startAttempts: 1,
      startGraceMs: 0,
      conflictPatienceMs: 0,
      stop: STOP,
      now: () => NOW,
    },
    { jobId: "trial-1", step: "copy" },
    points.signal,
  );
}

const END_OF_STEP = [
  "UPDATE job_step SET outcome",
  "UPDATE job_workflow",
  "INSERT INTO job_outbox",
  "after the commit",
];

const DEEDS: Record<string, Deed> = {
  "accepting a job": {
    prepare: () => forgetAll(bench),
    task: async (points) => {
      const params = JobParams.parse({ image: "example/tool:1", entrypoint: ["tool"] });
      await submit(points.sql(bench.sql), "trial-1", { params, now: NOW });
    },
    passes: [
      "SELECT pg_advisory_xact_lock",
      "INSERT INTO job_workflow ",
      "INSERT INTO job_step",
      "INSERT INTO job_workflow_events",
      "INSERT INTO job_outbox",
      "before the commit",
    ],
  },
  "a sweep that finds a container gone": {
    prepare: async () => {
      await ordered();
      await bench.pfcon.client.remove("copy", "trial-1");
    },
    task: sweep,
    passes: [
      "SELECT FROM job_workflow",
      "UPDATE job_step SET checked_at",
      "after get",
      ...END_OF_STEP,
      "before give",
    ],
  },
  "a sweep that finds a container never started": {
    prepare: async () => {
      await ordered();
      bench.pfcon.setState("copy", "trial-1", "notStarted");
    },
    task: sweep,
    passes: [
      "UPDATE job_step SET checked_at",
      "after get",
      "UPDATE job_step SET ordered_at = NULL",
      "before give",
    ],
  },
  "a sweep that finds an end recorded before its step": {
    prepare: async () => {
      await record(bench.sql, ...lifeOf("trial-1", "copy"));
      await ordered();
      bench.pfcon.setState("copy", "trial-1", "finishedSuccessfully");
    },
    task: sweep,
    passes: ["UPDATE job_step SET checked_at", "after get", "SELECT FROM job_status_history", ...END_OF_STEP],
  },
  "an order of a container whose end was recorded before its step": {
    prepare: async () => {
      await record(bench.sql, ...lifeOf("trial-1", "copy"));
      await accept(bench.sql, "trial-1");
      await bench.pfcon.client.schedule("copy", { ...exampleJob, job_id: "trial-1" });
      bench.pfcon.setState("copy", "trial-1", "finishedSuccessfully");
      bench.pfcon.calls = [];
    },
    task: order,
    passes: ["after get", "UPDATE job_step SET ordered_at", "SELECT FROM job_status_history", ...END_OF_STEP],
  },
  "an order whose image cannot be pulled": {
    prepare: async () => {
      await accept(bench.sql, "trial-1");
      bench.pfcon.interfere = (call) =>
        call.startsWith("POST") ? json(500, { message: "/images/create: no such image" }) : undefined;
    },
    task: order,
    passes: ["before schedule", "after get", "UPDATE job_step SET start_attempts", ...END_OF_STEP],
    posts: 2,
    counted: ["start_attempts", "last_error"],
  },
  "an order whose container does not start": {
    prepare: async () => {
      await accept(bench.sql, "trial-1");
      bench.pfcon.interfere = async (call, pass) => {
        if (!call.startsWith("POST")) return;
        await pass();
        bench.pfcon.setState("copy", "trial-1", "notStarted");
        return json(500, { message: "executable file not found" });
      };
    },
    task: order,
    passes: [
      "before schedule",
      "after get",
      "UPDATE job_step SET start_attempts",
      "after remove",
      ...END_OF_STEP,
    ],
    posts: 2,
    counted: ["start_attempts", "last_error", "reason"],
  },
  "an order that has long not been possible": {
    prepare: async () => {
      await accept(bench.sql, "trial-1");
      bench.pfcon.interfere = (call) =>
        call.startsWith("POST") ? json(409, { message: "not yet" }) : undefined;
    },
    task: order,
    passes: [
      "SELECT pg_try_advisory_xact_lock",
      "SELECT 1",
      "before schedule",
      "UPDATE job_step SET last_error",
      ...END_OF_STEP,
    ],
    posts: 2,
    counted: ["reason"],
  },
};

/** Everything in Postgres, without those columns of steps, and without texts that follow from them. */
async function dumpWithout(columns: readonly string[]): Promise<unknown> {
  const tables = await dump(bench.sql);
  const isLeftOut = (key: string) =>
    columns.includes(key) || columns.includes("reason") && LIKE_REASON.includes(key);
  return JSON.parse(JSON.stringify(tables, (key, value) => isLeftOut(key) ? undefined : value));
}

/** Where the text of a reason appears, and the ids that are made of it. */
const LIKE_REASON = ["error", "event_id"];

for (const [name, { prepare, task, passes, posts = 0, counted = [] }] of Object.entries(DEEDS)) {
  Deno.test(`G6 G7 ${name} comes to the same rows, wherever the process dies`, async () => {
    await prepare();
    await task(new FaultPoints());
    const undisturbed = await dumpWithout(counted);
    const orders = given;
    const points = await crashEverywhere({
      prepare: async () => {
        await forgetAll(bench);
        await prepare();
      },
      task,
      check: async (where) => {
        assertEquals(await dumpWithout(counted), undisturbed, where);
        assertEquals(given, orders, where);
        assert(bench.pfcon.countOf("POST") <= posts, `${where}: ${bench.pfcon.calls}`);
      },
    });
    assertPassed(points, passes);
  });
}

Deno.test("FaultPoints finds every statement, and refuses ways to Postgres on which it would see none", async () => {
  const points = new FaultPoints();
  const sql = points.sql(bench.sql);
  await sql`SELECT 1`;
  await sql.begin(async (tx) => await tx`INSERT INTO job_status_history SELECT * FROM job_status_history`);
  assertEquals(points.passed, [
    "SELECT 1",
    "BEGIN",
    "INSERT INTO job_status_history SELECT * FROM job_status_hist",
    "before the commit",
    "after the commit",
  ]);
  assertThrows(() => sql.unsafe("SELECT 1"), TypeError, "no fault points");
  const dying = new FaultPoints((what) => what === "SELECT 2");
  assertThrows(() => dying.sql(bench.sql)`SELECT 2`, InjectedCrash);
  assertThrows(() => dying.sql(bench.sql)`SELECT 3`, InjectedCrash, "SELECT 2");
  assertEquals(dying.signal.aborted, true);
});
