import { assert, assertEquals } from "@std/assert";
import { encodeStatusEvent } from "lib/event/codec.ts";
import type { StatusEvent } from "lib/event/status.ts";
import { silentLogger as log } from "lib/run/log.ts";
import { listStatuses } from "lib/store/status_history.ts";
import { recordedUpTo } from "lib/store/status_progress.ts";
import type { DeadLetter } from "lib/stream/dead_letters/dead_letter.ts";
import { shardKey, shardOf } from "lib/stream/keys.ts";
import { StatusQueues } from "lib/task/status_queues.ts";
import { statusQueue } from "lib/task/tasks.ts";
import { MissedStatuses } from "../../../workers/task_worker/missed_statuses.ts";
import { processStatus } from "../../../workers/task_worker/process_status.ts";
import { confirmationOf } from "../../../workers/task_worker/record_status.ts";
import { StatusStream } from "../../../workers/task_worker/status_stream.ts";
import { accept, benchOfFile, forgetAll, lifeOf, NOW, workflowOf } from "./bench.ts";
import { dump } from "./dump.ts";
import { assertPassed, crashEverywhere, FaultPoints } from "./fault_points.ts";

const bench = benchOfFile();

const SHARDS = 2;
const shard = shardOf("trial-1", SHARDS);
const key = shardKey("stream:job-status", shard);

function stream(points = new FaultPoints()): StatusStream {
  return new StatusStream(points.redis(bench.redis), { base: "stream:job-status", numShards: SHARDS });
}

/** Adds entries to the shard's stream; returns their ids. */
async function add(...data: (StatusEvent | string)[]): Promise<string[]> {
  const ids: string[] = [];
  for (const item of data) {
    const text = typeof item === "string" ? item : encodeStatusEvent(item);
    ids.push(await bench.redis.xadd(key, "*", "data", text) ?? "");
  }
  return ids;
}

/** Does the task of one event. */
async function process(
  event: StatusEvent | undefined,
  entry_id: string | undefined,
  points = new FaultPoints(),
): Promise<DeadLetter[]> {
  assert(event && entry_id);
  const letters: DeadLetter[] = [];
  await processStatus(
    {
      sql: points.sql(bench.sql),
      stream: stream(points),
      orders: points.around({ give: () => Promise.resolve() }),
      onRecorded: () => {},
      deadLetter: (letter) => Promise.resolve(void letters.push(letter)),
      log,
      now: () => NOW,
    },
    { task: { event, entry_id }, shard },
    points.signal,
  );
  return letters;
}

async function recorded(jobId = "trial-1"): Promise<[string, string][]> {
  return (await listStatuses(bench.sql, jobId)).map(({ entryId, event }) => [entryId, event.status]);
}

Deno.test("G14 processStatus() first records what its shard's stream holds and no task told of, in order", async () => {
  await accept(bench.sql, "trial-1");
  const [created, started, ended] = lifeOf("trial-1", "copy");
  assert(created && started && ended);
  const confirmation = confirmationOf(ended);
  const elsewhere = { ...started, job_id: "job-of-another-shard" };
  for (let n = 0; shardOf(elsewhere.job_id, SHARDS) === shard; n++) elsewhere.job_id = `another-${n}`;
  assert(confirmation);
  const ids = await add(created, confirmation, "no JSON", started, elsewhere, ended);
  await process(ended, ids.at(-1));
  assertEquals(await recorded(), [[ids[0], "notStarted"], [ids[3], "started"], [
    ids[5],
    "finishedSuccessfully",
  ]]);
  assertEquals(await recorded(elsewhere.job_id), []);
  assertEquals((await workflowOf(bench.sql, "trial-1")).step, "plugin");
});

Deno.test("G14 processStatus() catches up on more than a page, and what it has dead-lettered it does not meet again", async () => {
  const [, started] = lifeOf("trial-1", "copy");
  assert(started);
  const many = Array.from({ length: 230 }, (_, n) => ({ ...started, event_id: `event-${n}` }));
  const ids = await add(
    ...many.slice(0, 210),
    { ...started, event_id: "odd", cmd: "\0" },
    ...many.slice(210),
  );
  const letters = await process(many.at(-1), ids.at(-1));
  assertEquals(letters.map(({ originId }) => originId), [ids[210]]);
  assertEquals((await recorded()).length, 230);
  const odd = { ...started, event_id: "odd again", cmd: "\0" };
  const [oddId] = await add(odd);
  assertEquals((await process(odd, oddId)).length, 1);
  assertEquals(await recordedUpTo(bench.sql, shard), oddId);
  const [id] = await add(started);
  assertEquals(await process(started, id), []);
});

Deno.test("G4 G14 processStatus() records what was in hand when Redis lost all, and in order what is told again", async () => {
  await accept(bench.sql, "trial-1");
  const life = lifeOf("trial-1", "copy");
  const [, , lost] = await add(...life);
  await bench.redis.flushall();
  await process(life.at(-1), lost);
  assertEquals(await recorded(), [[lost ?? "", "finishedSuccessfully"]], "its container may be gone");
  const ids = await add(...life);
  await process(life.at(-1), ids.at(-1));
  assertEquals(await recorded(), life.map(({ status }, index) => [ids[index] ?? "", status]));
  const { step, steps } = await workflowOf(bench.sql, "trial-1");
  assertEquals([step, steps[0]?.outcome], ["plugin", "finishedSuccessfully"]);
});

Deno.test("G6 G14 processStatus() comes to the same record wherever it dies while it catches up", async () => {
  let ids: string[] = [];
  const life = lifeOf("trial-1", "copy");
  const prepare = async () => {
    await forgetAll(bench);
    await accept(bench.sql, "trial-1");
    ids = await add(...life);
  };
  await prepare();
  await process(life.at(-1), ids.at(-1));
  const undisturbed = await dump(bench.sql);
  const points = await crashEverywhere({
    prepare,
    task: async (points) => void await process(life.at(-1), ids.at(-1), points),
    check: async (where) => {
      assertEquals(await dump(bench.sql), undisturbed, where);
      assertEquals((await recorded()).map(([id]) => id), ids, where);
    },
  });
  assertPassed(points, [
    "SELECT FROM status_progress",
    "after xrange",
    ...life.flatMap(
      () => ["INSERT INTO status_progress", "INSERT INTO job_status_history", "after the commit"],
    ),
    "before give",
    "after give",
  ]);
});

Deno.test("G14 MissedStatuses has the newest state recorded, and so all before it, if the oldest is overdue", async () => {
  const { redis, sql } = bench;
  await using queues = new StatusQueues(redis, SHARDS);
  const looking = (everyMs: number) => new MissedStatuses({ sql, stream: stream(), queues, everyMs, log });
  const life = lifeOf("trial-1", "copy");
  assertEquals(await looking(0).runOnce(), [], "there is nothing");
  const ids = await add(...life, "no JSON");
  assertEquals(await looking(60_000).runOnce(), [], "their tasks are on their way");
  assertEquals(await looking(-1_001).hasMore("trial-1"), true);
  assertEquals(await looking(-1_001).hasMore("trial-2"), false);
  for (let look = 0; look < 3; look++) assertEquals(await looking(-1_001).runOnce(), [shard]);
  const tasks = await redis.lrange(`bull:${statusQueue(shard)}:wait`, 0, -1);
  assertEquals(tasks, [`missed_${ids[2]}`], "one task, however often it is missed");
  await process(life[2], ids[2]);
  assertEquals((await recorded()).map(([id]) => id), ids.slice(0, 3));
  assertEquals(await looking(-1_001).runOnce(), []);
  assertEquals(await looking(-1_001).hasMore("trial-1"), false);
});

Deno.test("G7 MissedStatuses.hasMore() finds a job's states behind pages of other jobs' states", async () => {
  const { redis, sql } = bench;
  await using queues = new StatusQueues(redis, SHARDS);
  const missed = new MissedStatuses({ sql, stream: stream(), queues, everyMs: 0, log });
  const [started] = lifeOf("trial-1", "copy").slice(1);
  assert(started);
  const other = { ...started, job_id: "neighbour" };
  for (let n = 0; shardOf(other.job_id, SHARDS) !== shard; n++) other.job_id = `neighbour-${n}`;
  await add(...Array.from({ length: 410 }, (_, n) => ({ ...other, event_id: `event-${n}` })));
  assertEquals(await missed.hasMore("trial-1"), false);
  await add(started);
  assertEquals(await missed.hasMore("trial-1"), true);
});
