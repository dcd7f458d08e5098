import { assert, assertEquals, assertRejects } from "@std/assert";
import { z } from "@zod/zod";
import { Queue } from "bullmq";
import { silentLogger as log } from "lib/run/log.ts";
import { OutageError } from "lib/run/outage_error.ts";
import { sleep } from "lib/run/sleep.ts";
import { openRedis } from "lib/stream/open_redis.ts";
import { TaskQueue, taskWorker, type TaskWorkerOptions } from "lib/task/queue.ts";
import { StatusQueues } from "lib/task/status_queues.ts";
import { statusQueue } from "lib/task/tasks.ts";
import { tempRedis } from "lib/testing/servers.ts";
import { until } from "lib/testing/until.ts";
import { eventOf } from "./consumer_bench.ts";
import { startProcess } from "./worker_process.ts";

interface Task {
  readonly n: number;
}

const NAME = "test-tasks";

async function setup() {
  const stack = new AsyncDisposableStack();
  const server = stack.use(await tempRedis());
  const broker = stack.use(openRedis(server.url, { name: "test", log }));
  const queue = stack.use(new TaskQueue<Task>(broker, NAME));
  /** Starts a task worker with a connection of its own; returns what stops it. */
  const work = (
    handler: TaskWorkerOptions<Task>["handler"],
    options: Partial<TaskWorkerOptions<Task>> = {},
  ) => {
    const redis = openRedis(server.url, { name: "worker", log });
    const stop = new AbortController();
    const schema = z.object({ n: z.number() });
    const done = taskWorker(redis, NAME, { schema, handler, concurrency: 1, log, ...options }).run(
      stop.signal,
    );
    const end = async () => {
      stop.abort();
      await done;
      await redis[Symbol.asyncDispose]();
    };
    stack.defer(end);
    return end;
  };
  const put = (...numbers: number[]) => queue.put(numbers.map((n) => ({ id: `task-${n}`, payload: { n } })));
  return { server, broker, queue, work, put, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

Deno.test("G4 a limited queue is worked on in order and one task at a time, by however many workers", async () => {
  await using bench = await setup();
  await bench.queue.limitConcurrency(1);
  const begun: number[] = [];
  let atATime = 0;
  let most = 0;
  const handler = async ({ n }: Task) => {
    begun.push(n);
    most = Math.max(most, ++atATime);
    await sleep(n % 3);
    atATime--;
  };
  await bench.put(...upTo(60));
  for (let i = 0; i < 2; i++) bench.work(handler, { concurrency: 4 });
  await until("half done", () => begun.length >= 30);
  await bench.put(...upTo(120).slice(60));
  await until("done", async () => begun.length >= 120 && (await bench.queue.counts()).active === 0);
  assertEquals([begun, most], [upTo(120), 1]);
});

Deno.test("a task may fail for days: it is not given up, and grows no bigger, as only its last failures are kept", async () => {
  await using bench = await setup();
  let tries = 0;
  bench.work(() => Promise.reject(new Error(`try ${++tries}`)), { maxPauseMs: 1 });
  await bench.put(1);
  await until("tried", () => tries >= 12);
  const traces = JSON.parse(await bench.broker.hget(`bull:${NAME}:task-1`, "stacktrace") ?? "[]");
  assert(traces.length > 0 && traces.length <= 3, `${traces.length} are kept`);
  const { attempts } = JSON.parse(await bench.broker.hget(`bull:${NAME}:task-1`, "opts") ?? "{}");
  assert(attempts > 1e9, `after ${attempts} tries it would be given up`);
});

Deno.test("a task put twice is done once, and may be put again when it is done", async () => {
  await using bench = await setup();
  const begun: number[] = [];
  await bench.put(1, 2, 1);
  await bench.put(2);
  assertEquals((await bench.queue.counts()).waiting, 2);
  const release = Promise.withResolvers<void>();
  bench.work(async ({ n }) => {
    begun.push(n);
    await release.promise;
  });
  await until("begun", () => begun.length === 1);
  await bench.put(1);
  release.resolve();
  await until("done", async () => begun.length === 2 && (await bench.queue.counts()).active === 0);
  await bench.put(1);
  await until("done again", () => begun.length === 3);
  assertEquals(begun, [1, 2, 1]);
});

Deno.test("a task that fails is tried again after growing pauses, while others go on", async () => {
  await using bench = await setup();
  const tries: number[] = [];
  const others: number[] = [];
  bench.work(({ n }) => {
    if (n > 1) return Promise.resolve(void others.push(n));
    tries.push(performance.now());
    return tries.length < 3 ? Promise.reject(new Error("not yet")) : Promise.resolve();
  });
  await bench.put(1, 2, 3);
  await until("done in the end", () => tries.length === 3);
  assertEquals(others, [2, 3]);
  const [first = 0, second = 0] = tries.slice(1).map((at, index) => at - (tries[index] ?? 0));
  assert(first >= 245 && second >= 495, `pauses of ${first} and ${second} ms`);
  await until("gone", async () => Object.values(await bench.queue.counts()).every((count) => count === 0));
});

Deno.test("hurry() ends the pause of a task, and does nothing to others", async () => {
  await using bench = await setup();
  const done: number[] = [];
  bench.work(({ n }) => Promise.resolve(void done.push(n)));
  await bench.queue.hurry("task-1");
  const pausing = new Queue(NAME, { connection: bench.broker });
  for (const n of [1, 2]) await pausing.add(NAME, { n }, { jobId: `task-${n}`, delay: 3_600_000 });
  await bench.queue.hurry("task-1");
  await until("done", () => done.length > 0);
  assertEquals(done, [1]);
  assertEquals((await bench.queue.counts()).delayed, 1);
  await pausing.close();
});

Deno.test("G9 a task of the wrong shape is put aside, tried no more, and the others go on", async () => {
  await using bench = await setup();
  const poison = new TaskQueue<{ m: string }>(bench.broker, NAME);
  await poison.put([{ id: "poison", payload: { m: "no number" } }]);
  await bench.put(1);
  const begun: number[] = [];
  bench.work(({ n }) => Promise.resolve(void begun.push(n)));
  await until("done", async () => begun.length === 1 && (await bench.queue.counts()).failed === 1);
  assertEquals(await bench.queue.counts(), { waiting: 0, active: 0, delayed: 0, failed: 1 });
});

Deno.test("G15 a worker that stops finishes the task in hand and takes no other", async () => {
  await using bench = await setup();
  const begun: number[] = [];
  const finished: number[] = [];
  const release = Promise.withResolvers<void>();
  const stop = bench.work(async ({ n }) => {
    begun.push(n);
    await release.promise;
    finished.push(n);
  });
  await bench.put(1, 2);
  await until("begun", () => begun.length === 1);
  const stopped = stop();
  await sleep(20);
  assertEquals(finished, []);
  release.resolve();
  await stopped;
  assertEquals([begun, finished], [[1], [1]]);
  assertEquals(await bench.queue.counts(), { waiting: 1, active: 0, delayed: 0, failed: 0 });
});

Deno.test("G4 G15 a task given up by a worker that stops is the next one done, in its old place, at once", async () => {
  await using bench = await setup();
  await bench.queue.limitConcurrency(1);
  const begun = Promise.withResolvers<void>();
  const stop = bench.work(async (_task, signal) => {
    begun.resolve();
    await sleep(60_000, signal);
    throw new OutageError("postgres", "write");
  });
  await bench.put(1, 2, 3);
  await begun.promise;
  await stop();
  assertEquals(await bench.queue.counts(), { waiting: 3, active: 0, delayed: 0, failed: 0 });
  const done: number[] = [];
  bench.work(({ n }) => Promise.resolve(void done.push(n)));
  await until("done by another", () => done.length === 3);
  assertEquals(done, [1, 2, 3]);
});

Deno.test("G15 a worker stops at once when it has nothing to do, or was told before it began", async () => {
  await using bench = await setup();
  const stop = bench.work(() => Promise.resolve());
  await bench.put(1);
  await until("idle", async () => Object.values(await bench.queue.counts()).every((count) => count === 0));
  const begin = performance.now();
  await stop();
  await bench.work(() => Promise.resolve())();
  // Such a call lasts five seconds.
  assert(performance.now() - begin < 4_500, "it waited for its blocking call");
});

Deno.test("G15 a worker that is told to stop while the broker is away ends when it is back", async () => {
  await using bench = await setup();
  const stop = bench.work(() => Promise.resolve());
  await bench.put(1);
  await until("idle", async () => Object.values(await bench.queue.counts()).every((count) => count === 0));
  await bench.server.kill();
  await sleep(200); // the worker's connections are between two tries
  const stopped = stop().then(() => true);
  await bench.server.start();
  assert(await Promise.race([stopped, sleep(60_000)]), "it waits for the end of a connection");
});

Deno.test("G4 G7 the task of a killed worker is taken over by another, before those behind it", async () => {
  await using bench = await setup();
  await bench.queue.limitConcurrency(1);
  await bench.put(1, 2, 3);
  await using probe = startProcess("tests/integration/task_worker_probe.ts", {}, [
    bench.server.url,
    NAME,
    "6000", // ms after which its silence counts, and no sooner: it may be a while until it gets a turn
  ]);
  await probe.logged("begun");
  const done: number[] = [];
  bench.work(({ n }) => Promise.resolve(void done.push(n)), { lockMs: 1_000 }); // looks twice a second
  // As long as it lives it prolongs its hold, and the task is its own.
  const lock = `bull:${NAME}:task-1:lock`;
  let least = Infinity;
  await until("prolonged", async () => {
    const left = await bench.broker.pttl(lock);
    least = Math.min(least, left);
    return left > least + 500;
  });
  assertEquals(done, []);
  await bench.broker.hset(`bull:${NAME}:task-1`, "stc", 1_000); // it has been taken over so often: no fault of its own
  probe.kill("SIGKILL");
  await probe.ended;
  assertEquals(await bench.broker.pexpire(lock, 1), 1); // as when that long has passed
  await until("taken over", () => done.length === 3);
  assertEquals(done, [1, 2, 3]);
});

Deno.test("G8 what the broker refuses is an outage, and waiting tasks outlive its restart in order", async () => {
  await using bench = await setup();
  await bench.put(1, 2);
  await bench.broker.config("SET", "min-replicas-to-write", "1");
  await assertRejects(
    () => bench.put(3),
    OutageError,
    "Cannot put tasks into test-tasks: task broker is unavailable",
  );
  await assertRejects(() => bench.queue.limitConcurrency(1), OutageError);
  await bench.broker.config("SET", "min-replicas-to-write", "0");
  const done: number[] = [];
  bench.work(({ n }) => Promise.resolve(void done.push(n)));
  await until("at work", () => done.length === 2);
  await bench.server.stop();
  const late = bench.put(3, 4);
  await bench.server.start();
  await late;
  // One whose end the broker did not hear of in time is done again.
  await until("done after the restart", () => new Set(done).size >= 4);
  assertEquals([...new Set(done)], [1, 2, 3, 4]);
});

Deno.test("G4 G14 StatusQueues keep to one task at a time even after the broker forgot everything", async () => {
  await using bench = await setup();
  await using queues = new StatusQueues(bench.broker, 2);
  await queues.limit();
  const concurrency = () => bench.broker.hget(`bull:${statusQueue(1)}:meta`, "concurrency");
  assertEquals(await concurrency(), "1");
  await bench.broker.flushall();
  await queues.put(1, [{ id: "status_a", payload: { event: eventOf("job-1", 1), entry_id: "1-0" } }]);
  assertEquals(await concurrency(), "1");
  await assertRejects(() => queues.put(2, []), RangeError, "there is no shard 2, only 2");
});
