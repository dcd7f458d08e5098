import { assert, assertEquals } from "@std/assert";
import type { StatusEvent } from "lib/event/status.ts";
import { JobParams } from "lib/job/job_params.ts";
import { listUnpublished } from "lib/store/outbox.ts";
import { listStatuses } from "lib/store/status_history.ts";
import { recordedUpTo } from "lib/store/status_progress.ts";
import { noteStepError } from "lib/store/steps.ts";
import { holdCleanup } from "lib/store/workflows.ts";
import { compareEntryIds } from "lib/stream/entry_id.ts";
import { confirmationOf, recordStatus } from "../../../workers/task_worker/record_status.ts";
import {
  accept,
  type Bench,
  benchOfFile,
  currentStatus,
  eventOf,
  forgetAll,
  lifeOf,
  NOW,
  permutations,
  record,
  stored,
  workflowOf,
} from "./bench.ts";
import { dump } from "./dump.ts";
import { assertPassed, crashEverywhere } from "./fault_points.ts";

const bench = benchOfFile();

/** Confirmations that are to go out, oldest first. */
async function confirmations(): Promise<StatusEvent[]> {
  const rows = await bench.sql`SELECT event FROM job_outbox WHERE stream = 'status' ORDER BY id`;
  return rows.map((row) => row.event);
}

Deno.test("G6 recordStatus() confirms each end once, however often and in whatever order events come", async () => {
  const { sql } = bench;
  const life = lifeOf("trial-1", "copy");
  const end = life.at(-1) ?? eventOf({ jobId: "", step: "copy", status: "undefined", at: 0 });
  const expected = [confirmationOf(end)];
  for (const order of permutations(life)) {
    await forgetAll(bench);
    await accept(sql, "trial-1");
    const orders = await record(sql, ...order, ...order.toReversed());
    assertEquals(await confirmations(), expected);
    assertEquals(orders, [{ jobId: "trial-1", kind: "runStep", step: "plugin" }]);
    assertEquals(await currentStatus(sql, "trial-1"), "finishedSuccessfully of container 1");
    assertEquals(
      (await listStatuses(sql, "trial-1")).map(({ event }) => event.event_id).sort(),
      life.map(({ event_id }) => event_id).sort(),
    );
  }
});

Deno.test("G6 recordStatus() has confirmed nothing before the end itself is durable, wherever the process dies", async () => {
  const { sql } = bench;
  const events = lifeOf("trial-1", "copy").map(stored);
  const task = async (points: { sql: (sql: Bench["sql"]) => unknown }) => {
    for (const event of events) {
      await recordStatus(points.sql(sql) as Bench["sql"], event, { shard: 0, now: NOW });
    }
  };
  const prepare = async () => {
    await forgetAll(bench);
    await accept(sql, "trial-1");
  };
  await prepare();
  await task({ sql: (sql) => sql });
  const undisturbed = await dump(sql);
  /** What was wrong when it had died. */
  const faults: string[] = [];
  const points = await crashEverywhere({
    prepare,
    task: async (points) => {
      try {
        await task(points);
      } finally {
        const known = new Set((await listStatuses(sql, "trial-1")).map(({ event }) => event.status));
        const early = (await confirmations()).filter(({ previous_status }) =>
          !known.has(previous_status ?? "started")
        );
        faults.push(...early.map(({ status }) => `${status} before it was recorded`));
        const upTo = await recordedUpTo(sql, 0);
        // Nobody would look for it again if its task were lost now.
        const passed = events.filter(({ event, entryId }) =>
          compareEntryIds(entryId, upTo) <= 0 && !known.has(event.status)
        );
        faults.push(...passed.map(({ event }) => `dealt with ${event.status} before it was recorded`));
      }
    },
    check: async (where) => {
      assertEquals(faults, [], where);
      assertEquals(await dump(sql), undisturbed, where);
    },
  });
  assertPassed(points, [
    "SELECT pg_advisory_xact_lock",
    "INSERT INTO status_progress",
    "INSERT INTO job_status_history",
    "INSERT INTO job_status AS",
    "INSERT INTO job_outbox",
    "SELECT FROM job_workflow",
    "SELECT FROM job_step",
    "UPDATE job_step SET outcome",
    "UPDATE job_workflow SET current_step",
    "INSERT INTO job_step",
    "INSERT INTO job_workflow_events",
    "INSERT INTO job_outbox",
    "INSERT INTO job_workflow_events",
    "INSERT INTO job_outbox",
    "before the commit",
    "after the commit",
  ]);
});

Deno.test("G6 recordStatus() takes a container for vanished only if no end of it is known", async () => {
  const { sql } = bench;
  await accept(sql, "trial-1");
  const reason = { code: "vanished", text: "was removed before anyone saw how it ended" } as const;
  const vanished = (at: number, container = 1) =>
    eventOf({ jobId: "trial-1", step: "copy", status: "undefined", at, container, more: { reason } });
  // A Redis that went back in time has the forwarder believe that the container was running when it was removed.
  assertEquals((await record(sql, ...lifeOf("trial-1", "copy"), vanished(1))).length, 1);
  assertEquals((await listStatuses(sql, "trial-1")).map(({ event }) => event.status), [
    "notStarted",
    "started",
    "finishedSuccessfully",
  ]);
  assertEquals((await confirmations()).map(({ status }) => status), ["confirmed_finishedSuccessfully"]);
  assertEquals(await currentStatus(sql, "trial-1"), "finishedSuccessfully of container 1");
  // Started again after that end, or another container: nobody knows how that ended.
  await record(sql, vanished(60), vanished(1, 2));
  assertEquals((await confirmations()).map(({ status }) => status), [
    "confirmed_finishedSuccessfully",
    "confirmed_undefined",
    "confirmed_undefined",
  ]);
});

Deno.test("recordStatus() has dealt with the entry of a container that did not really vanish", async () => {
  const { sql } = bench;
  await record(sql, ...lifeOf("trial-1", "copy"));
  const event = eventOf({ jobId: "trial-1", step: "copy", status: "undefined", at: 1 });
  const { entryId } = stored(event);
  await recordStatus(sql, { event, entryId }, { shard: 0, now: NOW });
  assertEquals(await recordedUpTo(sql, 0), entryId);
});

Deno.test("G4 G14 recordStatus() brings a life in order that came apart when Redis lost its beginning", async () => {
  const { sql } = bench;
  const life = lifeOf("trial-1", "copy");
  const [created, started, ended] = life;
  assert(created && started && ended);
  const order = async () => (await listStatuses(sql, "trial-1")).map(({ event }) => event.status);
  // Its end was in hand when Redis lost all; then the forwarder tells everything again.
  for (const inHand of [[ended], [started, ended]]) {
    await forgetAll(bench);
    await record(sql, ...inHand);
    await sql`UPDATE job_outbox SET published_at = now(), publication = 7, entry_ms = 5, entry_seq = 0`;
    const [{ last }] = await sql`SELECT max(id) AS last FROM job_outbox` as [{ last: number }];
    await record(sql, ...life);
    assertEquals(await order(), life.map(({ status }) => status));
    // Its confirmation must not stand before it either, so that goes out again, under a number of its own.
    const [again, ...others] = await listUnpublished(sql, 9);
    assertEquals([again?.event.event_id, others], [confirmationOf(ended)?.event_id, []]);
    assert(Number(again?.id) > Number(last), "Redis remembers the old one as sent");
    assertEquals((await confirmations()).length, 1);
  }
});

Deno.test("recordStatus() moves nothing when a life is told again that is in order, or when it began anew", async () => {
  const { sql } = bench;
  const places = async () => (await listStatuses(sql, "trial-1")).map(({ entryId }) => entryId);
  const life = lifeOf("trial-1", "copy");
  await record(sql, ...life);
  await record(sql, eventOf({ jobId: "trial-1", step: "copy", status: "started", at: 60 }));
  await record(sql, ...lifeOf("trial-1", "copy", "finishedWithError", { at: 90, container: 2 }));
  const before = await places();
  await sql`UPDATE job_outbox SET published_at = now()`;
  await record(sql, ...life);
  assertEquals(await places(), before);
  assertEquals(await listUnpublished(sql, 9), []);
});

Deno.test("recordStatus() tells a job without a workflow nothing but records and confirms its states", async () => {
  assertEquals(await record(bench.sql, ...lifeOf("by-someone-else", "plugin", "finishedWithError")), []);
  assertEquals((await confirmations()).map(({ status }) => status), ["confirmed_finishedWithError"]);
  assertEquals(await currentStatus(bench.sql, "by-someone-else"), "finishedWithError of container 1");
});

Deno.test("recordStatus() takes no confirmation for a state", async () => {
  const [, , end] = lifeOf("trial-1", "copy");
  const confirmation = end && confirmationOf(end);
  assert(confirmation);
  await record(bench.sql, confirmation);
  assertEquals(await listStatuses(bench.sql, "trial-1"), []);
  assertEquals(await confirmations(), []);
});

Deno.test("recordStatus() ends only the step that the workflow stands at, and shows how it ended", async () => {
  const { sql } = bench;
  await accept(sql, "trial-1");
  assertEquals(await record(sql, ...lifeOf("trial-1", "plugin")), [], "not begun yet");
  await record(sql, ...lifeOf("trial-1", "copy", "finishedWithError", { at: 10 }));
  const { step, status, error, steps } = await workflowOf(sql, "trial-1");
  assertEquals([step, status, error], ["delete", "running", "exited with code 3"]);
  const [copy] = steps;
  assertEquals([copy?.outcome, copy?.exitCode, copy?.reason], [
    "finishedWithError",
    3,
    { code: "exit", text: "exited with code 3" },
  ]);
  assertEquals(copy?.endedAt, new Date(NOW + 12_000));
});

Deno.test("what went wrong stays in sight while other steps follow, and what comes late changes nothing of it", async () => {
  const { sql } = bench;
  await accept(sql, "trial-1");
  await record(sql, ...lifeOf("trial-1", "copy", "finishedWithError"));
  await noteStepError(sql, { jobId: "trial-1", step: "copy" }, "pfcon is away");
  await holdCleanup(sql, "trial-1", "the log of copy is not proven stored yet");
  const early = await workflowOf(sql, "trial-1");
  assertEquals([early.step, early.held, early.steps[0]?.lastError], ["delete", null, null]);
  await record(sql, ...lifeOf("trial-1", "delete", "finishedSuccessfully", { at: 10 }));
  const late = await workflowOf(sql, "trial-1");
  assertEquals([late.step, late.error], ["cleanup", "exited with code 3"]);
});

Deno.test("findWorkflow() reads times as dates and parameters as they were accepted", async () => {
  const { sql } = bench;
  const before = Date.now() - 60_000;
  await accept(sql, "trial-1");
  const { createdAt, updatedAt, params, steps: [copy] } = await workflowOf(sql, "trial-1");
  for (const time of [createdAt, updatedAt, copy?.begunAt]) {
    assert(
      time instanceof Date && time.getTime() > before && time.getTime() < before + 120_000,
      String(time),
    );
  }
  assertEquals([copy?.orderedAt, copy?.endedAt, copy?.startAttempts, copy?.lastError], [null, null, 0, null]);
  assertEquals(params, { ...JobParams.parse(params), image: "example/tool:1", output_dir: "home/out" });
});
