/**
 * Status consumers as processes, and what they have put into the task queues.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { shardKeys, shardOf } from "lib/stream/keys.ts";
import { statusQueue } from "lib/task/tasks.ts";
import { until } from "lib/testing/until.ts";
import { BASE, type ConsumerBench, GROUP, LEASES, SHARDS } from "./consumer_bench.ts";
import { startProcess, type TestProcess } from "./worker_process.ts";

/** How long leases last (ms). */
export const TTL_MS = 800;

/** Starts a status consumer with short leases. */
export function startConsumer(bench: ConsumerBench, env: Record<string, string> = {}): TestProcess {
  return startProcess("workers/status_consumer/main.ts", {
    REDIS_URL: bench.server.url,
    LEASE_TTL_MS: String(TTL_MS),
    LEASE_REFRESH_INTERVAL_MS: "150",
    LEASE_ACQUIRE_INTERVAL_MS: "100",
    ...env,
  });
}

/** Numbers of a job's events in its shard's task queue, first to be worked on first. */
export async function tasksOf({ redis }: ConsumerBench, jobId: string): Promise<number[]> {
  const queue = `bull:${statusQueue(shardOf(jobId, SHARDS))}`;
  const ids = await redis.lrange(`${queue}:wait`, 0, -1);
  const tasks = await Promise.all(ids.reverse().map((id) => redis.hget(`${queue}:${id}`, "data")));
  return tasks.map((data) => JSON.parse(data ?? "null").event).filter((event) => event.job_id === jobId)
    .map((event) => Number(event.message));
}

/** Waits until each job has `count` tasks, and fails unless they are in order, each once. */
export async function assertTasks(
  bench: ConsumerBench,
  jobs: readonly string[],
  count: number,
): Promise<void> {
  const all = Array.from({ length: count }, (_, index) => index + 1);
  for (const jobId of jobs) {
    await until(`${count} tasks of ${jobId}`, async () => (await tasksOf(bench, jobId)).length >= count);
    assertEquals(await tasksOf(bench, jobId), all);
  }
  await until("acknowledged in full", async () => await bench.pending() === 0);
}

/** Entries, as `job n`, that are pending though their task was put. */
export async function doneButPending(bench: ConsumerBench, jobs: readonly string[]): Promise<string[]> {
  const done = new Set<string>();
  for (const jobId of jobs) for (const n of await tasksOf(bench, jobId)) done.add(`${jobId} ${n}`);
  const pending: string[] = [];
  for (const stream of shardKeys(BASE, SHARDS)) {
    const ids = await bench.redis.xpending(stream, GROUP, "-", "+", 10_000) as [string][];
    for (const [id] of ids) {
      const [[, fields] = ["", []]] = await bench.redis.xrange(stream, id, id);
      const { job_id, message } = JSON.parse(fields[1] ?? "");
      pending.push(`${job_id} ${message}`);
    }
  }
  return pending.filter((entry) => done.has(entry));
}

async function ownersOf({ redis }: ConsumerBench): Promise<(string | null)[]> {
  return await redis.mget(Array.from({ length: SHARDS }, (_, shard) => `${LEASES}:lease:${shard}`));
}

/** Waits until a process holds this many shards. */
export async function untilOwner(bench: ConsumerBench, { pid }: TestProcess, count: number): Promise<void> {
  await until(
    `owner of ${count} shards`,
    async () =>
      (await ownersOf(bench)).filter((owner) => owner?.split(":").at(-2) === String(pid)).length === count,
  );
}
