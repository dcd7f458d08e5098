import { assert, assertEquals, assertRejects } from "@std/assert";
import { silentLogger as log } from "lib/run/log.ts";
import { OutageError } from "lib/run/outage_error.ts";
import { listStatuses } from "lib/store/status_history.ts";
import { recordedUpTo } from "lib/store/status_progress.ts";
import type { DeadLetter } from "lib/stream/dead_letters/dead_letter.ts";
import type { Order } from "../../../workers/task_worker/apply_fact.ts";
import { processStatus } from "../../../workers/task_worker/process_status.ts";
import { StatusStream } from "../../../workers/task_worker/status_stream.ts";
import { accept, type Bench, benchOfFile, eventOf, lifeOf, NOW } from "./bench.ts";

const bench = benchOfFile();

/** A context of `processStatus()` that notes what it is given. */
function noting() {
  const letters: DeadLetter[] = [];
  const orders: (Order | null)[] = [];
  const context = {
    sql: bench.sql,
    orders: { give: (order: Order | null) => Promise.resolve(void orders.push(order)) },
    onRecorded: () => {},
    deadLetter: (letter: DeadLetter) => Promise.resolve(void letters.push(letter)),
    stream: new StatusStream(bench.redis, { base: "stream:job-status", numShards: 2 }),
    log,
    now: () => NOW,
  };
  return { letters, orders, context };
}

Deno.test("G9 processStatus() dead-letters an event that Postgres cannot hold, with its bytes, and goes on", async () => {
  const { letters, context } = noting();
  const base = eventOf({ jobId: "trial-1", step: "plugin", status: "started", at: 0 });
  for (const more of [{ cmd: "nul \0" }, { message: "half \ud83d" }, { exit_code: 2 ** 40 }]) {
    const event = { ...base, ...more };
    const task = { event, entry_id: "1768478400000-7" };
    await processStatus(context, { task, shard: 0 }, new AbortController().signal);
    const letter = letters.pop();
    assert(letter, `${JSON.stringify(more)} was not dead-lettered`);
    assertEquals(JSON.parse(letter.data), event);
    assertEquals([letter.reason, letter.originStream, letter.originId, letter.deliveries], [
      "cannot be recorded",
      "stream:job-status:0",
      "1768478400000-7",
      3,
    ]);
  }
  assertEquals(await listStatuses(bench.sql, "trial-1"), []);
  await processStatus(
    context,
    { task: { event: base, entry_id: "1768478400000-8" }, shard: 0 },
    new AbortController().signal,
  );
  assertEquals((await listStatuses(bench.sql, "trial-1")).length, 1);
  assertEquals(letters, []);
});

Deno.test("G4 G9 processStatus() records an event put back at the place it had at first, and moves progress on", async () => {
  const { letters, context } = noting();
  const done = new AbortController().signal;
  const [second, third] = [5, 9].map((at) =>
    eventOf({ jobId: "trial-1", step: "plugin", status: "started", at })
  );
  const first = eventOf({ jobId: "trial-1", step: "plugin", status: "notStarted", at: 0 });
  assert(second && third);
  await processStatus(context, { task: { event: first, entry_id: "1000-0" }, shard: 0 }, done);
  await processStatus(context, { task: { event: third, entry_id: "3000-0" }, shard: 0 }, done);
  const requeued = { event: second, entry_id: "4000-0", requeued_from: "2000-0" };
  await processStatus(context, { task: requeued, shard: 0 }, done);
  assertEquals((await listStatuses(bench.sql, "trial-1")).map(({ entryId }) => entryId), [
    "1000-0",
    "2000-0",
    "3000-0",
  ]);
  assertEquals(await recordedUpTo(bench.sql, 0), "4000-0");
  const poison = {
    event: { ...second, event_id: "e", cmd: "nul \0" },
    entry_id: "5000-0",
    requeued_from: "2000-0",
  };
  await processStatus(context, { task: poison, shard: 0 }, done);
  assertEquals(letters.map(({ originId }) => originId), ["2000-0"]);
});

Deno.test("G8 processStatus() waits while Postgres refuses for a reason that is not the event's", async () => {
  const { sql } = bench;
  const { letters, orders, context } = noting();
  await accept(sql, "trial-1");
  const failures = Promise.withResolvers<void>();
  let failed = 0;
  const counting = { ...log, error: () => void (++failed === 4 && failures.resolve()) };
  const [event] = lifeOf("trial-1", "copy").slice(-1);
  assert(event);
  await sql`ALTER TABLE job_status_history RENAME TO taken_away`;
  const task = { event, entry_id: "1768478400000-9" };
  const done = processStatus({ ...context, log: counting }, { task, shard: 0 }, new AbortController().signal);
  await failures.promise; // more tries than an event gets that is to blame itself
  await sql`ALTER TABLE taken_away RENAME TO job_status_history`;
  await done;
  assertEquals(letters, []);
  assertEquals(orders, [{ jobId: "trial-1", kind: "runStep", step: "plugin" }]);
});

Deno.test("G8 processStatus() records through an outage of Postgres, and dead-letters nothing", async () => {
  const { sql, postgresServer } = bench;
  const { letters, orders, context } = noting();
  await accept(sql, "trial-1");
  await postgresServer.stop();
  const paused = Promise.withResolvers<void>();
  const waiting = { ...context, log: { ...log, warn: () => paused.resolve() } };
  const [event] = lifeOf("trial-1", "copy").slice(-1);
  assert(event);
  const task = { event, entry_id: "1768478400000-9" };
  const done = processStatus(waiting, { task, shard: 0 }, new AbortController().signal);
  await paused.promise;
  await postgresServer.start();
  await done;
  assertEquals(letters, []);
  assertEquals(orders, [{ jobId: "trial-1", kind: "runStep", step: "plugin" }]);
  assertEquals((await listStatuses(sql, "trial-1")).length, 1);
});

Deno.test("G8 processStatus() gives the order that follows, through an outage of the queue", async () => {
  const { context, orders } = noting();
  await accept(bench.sql, "trial-1");
  const [event] = lifeOf("trial-1", "copy").slice(-1);
  assert(event);
  let refusals = 0;
  const give = (order: Order | null) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    if (++refusals < 3) reject(new OutageError("task broker", "put tasks"));
    else resolve(void orders.push(order));
    return promise;
  };
  const task = { event, entry_id: "1768478400000-9" };
  await processStatus({ ...context, orders: { give } }, { task, shard: 0 }, new AbortController().signal);
  assertEquals(orders, [{ jobId: "trial-1", kind: "runStep", step: "plugin" }]);
});

Deno.test("processStatus() leaves the task to others when it is to stop", async () => {
  const { context } = noting();
  const stop = new AbortController();
  const sql = () => Promise.reject(Object.assign(new Error("away"), { code: "ECONNREFUSED" }));
  const [event] = lifeOf("trial-1", "copy");
  assert(event);
  const task = { event, entry_id: "1768478400000-9" };
  const warn = () => stop.abort();
  const away = { ...context, sql: sql as unknown as Bench["sql"], log: { ...log, warn } };
  await assertRejects(() => processStatus(away, { task, shard: 0 }, stop.signal), OutageError);
});

Deno.test("G9 processStatus() passes no event over before its dead letter is written", async () => {
  const { context } = noting();
  const stop = new AbortController();
  const deadLetter = () => {
    stop.abort(); // the worker dies here, say
    return Promise.reject(new OutageError("redis", "write a dead letter"));
  };
  const event = eventOf({
    jobId: "trial-1",
    step: "plugin",
    status: "started",
    at: 0,
    more: { cmd: "nul \0" },
  });
  const task = { event, entry_id: "1768478400000-7" };
  await assertRejects(
    () => processStatus({ ...context, deadLetter }, { task, shard: 0 }, stop.signal),
    OutageError,
  );
  assertEquals(await recordedUpTo(bench.sql, 0), "0-0");
});
