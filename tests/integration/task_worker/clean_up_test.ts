import { assertEquals, assertRejects } from "@std/assert";
import { JOB_TYPES } from "lib/event/status.ts";
import { containerFlushedKey, logsFlushedKey } from "lib/log_store/flushed_keys.ts";
import { silentLogger as log } from "lib/run/log.ts";
import { json } from "lib/testing/strict_pfcon.ts";
import { TaskQueue } from "lib/task/queue.ts";
import { CLEAN_UP_QUEUE, type CleanUp, cleanUpId } from "lib/task/tasks.ts";
import { Queue } from "bullmq";
import { CleanupHeldError } from "../../../workers/task_worker/clean_up.ts";
import { HeldCleanups } from "../../../workers/task_worker/held_cleanups.ts";
import { benchOfFile, eventOf, lifeOf, NOW, record } from "./bench.ts";
import { atCleanUp, cleaning, container } from "./cleaning.ts";
import { dump } from "./dump.ts";

const bench = benchOfFile(atCleanUp);
const { prove, run, standing } = cleaning(bench);

Deno.test("G5 cleanUp() deletes nothing until every container's log is proven stored, and says what it waits for", async () => {
  for (const [proven, missing] of [["plugin", "copy, delete"], ["delete", "copy"]] as const) {
    await prove(proven);
    await assertRejects(() => run(), CleanupHeldError);
    assertEquals(await standing(), `cleanup, running, the log of ${missing} is not proven stored yet`);
  }
  assertEquals(bench.pfcon.countOf("DELETE"), 0);
  await prove("copy");
  await run();
  assertEquals(await standing(), "completed, finishedSuccessfully");
  assertEquals(
    bench.pfcon.calls.filter((call) => call.startsWith("DELETE")),
    JOB_TYPES.map((step) => `DELETE ${step} trial-1`),
  );
});

Deno.test("G5 cleanUp() takes the reference's proof as well, but no other container's", async () => {
  await bench.redis.set(logsFlushedKey("trial-1", "copy"), "1");
  await bench.redis.set(logsFlushedKey("trial-1", "delete"), "1");
  await bench.redis.set(logsFlushedKey("trial-2", "plugin"), "1");
  await bench.redis.set(containerFlushedKey("9".padStart(64, "0")), "1");
  await assertRejects(() => run(), CleanupHeldError, "the log of plugin is not");
  await bench.redis.set(logsFlushedKey("trial-1", "plugin"), "1");
  await run();
});

Deno.test("G5 cleanUp() wants the proof of the newest container, whichever reported last", async () => {
  await prove("copy", "delete");
  const of = { jobId: "trial-1", step: "plugin", at: -5, container: 9 } as const;
  const vanished = { previous_status: "notStarted" } as const;
  await record(bench.sql, eventOf({ ...of, status: "undefined", more: vanished }));
  await bench.redis.set(containerFlushedKey("9".padStart(64, "0")), "1");
  await assertRejects(() => run(), CleanupHeldError, "the log of plugin is not");
  await prove("plugin");
  await run();
});

Deno.test("G5 cleanUp() takes no proof of an earlier attempt's container for that of this attempt's", async () => {
  await bench.sql`
    UPDATE job_workflow SET attempt = 2, told_before = (SELECT max(id) FROM job_status_history)`;
  await prove("copy", "plugin", "delete");
  // Nothing was told of this attempt's containers yet; one was ordered, and the answer to that got lost.
  await assertRejects(() => run(), CleanupHeldError, "the log of copy, plugin, delete is not");
  for (const step of ["copy", "plugin", "delete"] as const) {
    const number = Number(container(step)) + 10;
    await record(
      bench.sql,
      ...lifeOf("trial-1", step, "finishedSuccessfully", { at: -60, container: number }),
    );
    // Stored late: the end of the earlier one's log.
    await bench.redis.set(logsFlushedKey("trial-1", step), "1");
  }
  const own = [11, 12, 14].map((number) => containerFlushedKey(`${number}`.padStart(64, "0")));
  const awaited: (readonly (readonly string[])[])[] = [];
  const held = {
    hold: (_: string, proofs: typeof awaited[number]) => awaited.push(proofs),
    release: () => {},
  };
  await assertRejects(() => run({ held }), CleanupHeldError, "the log of copy, plugin, delete is not");
  assertEquals(bench.pfcon.countOf("DELETE"), 0);
  assertEquals(awaited, [own.map((key) => [key])], "nothing else would help");
  for (const key of own) await bench.redis.set(key, "1");
  await run();
  assertEquals(await standing(), "completed, finishedSuccessfully");
});

Deno.test("cleanUp() is not held by a container of an earlier attempt that pfcon has kept", async () => {
  await bench.sql`
    UPDATE job_workflow SET attempt = 2, told_before = (SELECT max(id) FROM job_status_history)`;
  bench.pfcon.interfere = async (call, pass) => {
    const answer = await pass();
    if (!call.startsWith("GET") || !answer.ok) return answer;
    const { compute } = await answer.json();
    return json(200, { compute: { ...compute, timestamp: new Date(NOW + 2_000).toISOString() } });
  };
  await prove("copy", "plugin");
  await assertRejects(() => run(), CleanupHeldError, "the log of delete is not");
  await prove("delete");
  await run();
});

Deno.test("cleanUp() takes a container that is gone for proven, and asks pfcon about no other", async () => {
  await prove("copy", "plugin");
  await bench.pfcon.client.remove("delete", "trial-1");
  bench.pfcon.calls = [];
  await run();
  assertEquals(bench.pfcon.calls.filter((call) => call.startsWith("GET")), ["GET delete trial-1"]);
  assertEquals(await standing(), "completed, finishedSuccessfully");
});

Deno.test("cleanUp() asks for the proofs of those containers that hold it up", async () => {
  await prove("copy");
  const held: unknown[] = [];
  const hold = (...args: unknown[]) => held.push(args);
  await assertRejects(() => run({ held: { hold, release: (jobId) => held.push(jobId) } }), CleanupHeldError);
  const proofs = (["plugin", "delete"] as const).map((step) => [
    logsFlushedKey("trial-1", step),
    containerFlushedKey(container(step).padStart(64, "0")),
  ]);
  assertEquals(held, ["trial-1", ["trial-1", proofs]]);
});

Deno.test("cleanUp() under the policy quiescence counts a log as drained some time after the end", async () => {
  const lastEnd = NOW + 2_000;
  const policy = { quiescenceMs: 10_000 };
  await assertRejects(() => run({ ...policy, now: () => lastEnd + 9_999 }), CleanupHeldError);
  await run({ ...policy, now: () => lastEnd + 10_000 });
  assertEquals(await standing(), "completed, finishedSuccessfully");
});

Deno.test("cleanUp() does nothing in any other step, or when all is over", async () => {
  await prove("copy", "plugin", "delete");
  await run();
  bench.pfcon.calls = [];
  const before = await dump(bench.sql);
  await run();
  await bench.sql`UPDATE job_workflow SET current_step = 'plugin', status = 'running'`;
  await run();
  await bench.sql`DELETE FROM job_workflow`;
  await run();
  assertEquals(bench.pfcon.calls, []);
  assertEquals((await dump(bench.sql)).outbox, before.outbox);
});

Deno.test("a held cleanup goes on when its last proof is there, however long its pause would still be", async () => {
  const { redis } = bench;
  await using cleanUpQueue = new TaskQueue<CleanUp>(redis, CLEAN_UP_QUEUE);
  await using queue = closing(new Queue(CLEAN_UP_QUEUE, { connection: redis }));
  const id = cleanUpId("trial-1");
  await queue.add(CLEAN_UP_QUEUE, { job_id: "trial-1" }, { jobId: id, delay: 3_600_000 });
  const hurry = (jobId: string) => cleanUpQueue.hurry(cleanUpId(jobId));
  const held = new HeldCleanups({ redis, hurry, everyMs: 1, log });
  await assertRejects(() => run({ held }), CleanupHeldError);
  await prove("copy", "plugin");
  assertEquals(await held.runOnce(), []);
  assertEquals(await queue.getJobState(id), "delayed");
  await prove("delete");
  assertEquals(await held.runOnce(), ["trial-1"]);
  assertEquals(await queue.getJobState(id), "waiting");
});

Deno.test("G5 a proof that arrives between the look and the hold is not overlooked", async () => {
  const { redis, pfcon } = bench;
  const hurried: string[] = [];
  const hurry = (jobId: string) => Promise.resolve(void hurried.push(jobId));
  const held = new HeldCleanups({ redis, hurry, everyMs: 1, log });
  await prove("copy", "plugin");
  pfcon.interfere = async (call) => {
    if (call === "GET delete trial-1") await prove("delete");
    return undefined;
  };
  await assertRejects(() => run({ held }), CleanupHeldError);
  assertEquals(await held.runOnce(), ["trial-1"]);
  await run({ held });
  assertEquals(await standing(), "completed, finishedSuccessfully");
});

Deno.test("cleanUp() needs no proof for a container that never started", async () => {
  await prove("copy", "plugin");
  bench.pfcon.setState("delete", "trial-1", "notStarted");
  await run();
  assertEquals(await bench.pfcon.client.get("delete", "trial-1"), null);
});

Deno.test("cleanUp() needs no proof for a container that never started and could not be removed", async () => {
  await prove("copy", "plugin");
  bench.pfcon.setState("delete", "trial-1", "finishedWithError", "dead");
  await run();
  assertEquals(await bench.pfcon.client.get("delete", "trial-1"), null);
});

function closing(queue: Queue): Queue & AsyncDisposable {
  return Object.assign(queue, { [Symbol.asyncDispose]: () => queue.close() });
}
