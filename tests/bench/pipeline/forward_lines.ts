/**
 * (a) Container output → log stream, against plain draining of the same output with dockerode.
 *
 * @module
 */
import type { Redis } from "ioredis";
import { shardKeys } from "lib/stream/keys.ts";
import { TEST_LABEL } from "lib/testing/test_containers.ts";
import { type ForwarderBench, openForwarderBench } from "../../integration/forwarder_bench.ts";
import { compare } from "./compare.ts";
import type { BenchOptions, Figure } from "./measurement.ts";
import { busySeconds, mostPossible } from "./most_possible.ts";
import { printFast } from "./printing.ts";
import { runProgram } from "./run_program.ts";
import { median } from "./stats.ts";

/** Lines of one container: enough that start and end of it hardly count. */
const LINES = 500_000;

/**
 * Measures it with the real log forwarder, which follows live, in a process of its own: once through the Engine, as the
 * baseline reads too, once from the files that the Engine writes.
 */
export async function forwardLines(options: BenchOptions): Promise<Figure[]> {
  await using bench = await openForwarderBench();
  const name = "container output → log stream";
  return [
    ...await forwardWith(bench, { name, settings: {} }, options),
    ...await forwardWith(bench, {
      name: `${name}, from the Engine's files`,
      settings: { DOCKER_LOG_DIR: await bench.containers.logDir() },
    }, options),
  ];
}

/** The ratio, and what it could be at most on this machine if ours read as the baseline does, at no cost of its own. */
async function forwardWith(
  bench: ForwarderBench,
  { name, settings }: { name: string; settings: Record<string, string> },
  options: BenchOptions,
): Promise<Figure[]> {
  await using _forwarder = await bench.start("log_forwarder", settings);
  await forward(bench, 1_000); // warm
  const drained: { wall: number; busy: number }[] = [];
  const redis: number[] = [];
  const figure = await compare({
    name,
    unit: "lines/s",
    baseline: "dockerode drain",
    target: 0.9,
    runOurs: async () => {
      const before = await redisSeconds(bench.redis);
      const rate = await forward(bench, LINES);
      redis.push((await redisSeconds(bench.redis) - before) * 1e6 / LINES);
      return rate;
    },
    runBaseline: async () => {
      const before = await busySeconds();
      const rate = await drain(bench, LINES);
      drained.push({ wall: 1e6 / rate, busy: (await busySeconds() - before) * 1e6 / LINES });
      return rate;
    },
  }, options);
  if (settings.DOCKER_LOG_DIR) return [figure];
  const most = mostPossible({
    baselineWall: median(drained.map(({ wall }) => wall)),
    baselineBusy: median(drained.map(({ busy }) => busy)),
    needed: median(redis),
    processors: navigator.hardwareConcurrency,
  });
  return [figure, {
    name: `${name}: ratio with a forwarder that costs nothing`,
    unit: `on ${navigator.hardwareConcurrency} processors`,
    ours: most,
    how: "computed",
  }];
}

/** Processor time that Redis has used (s). */
async function redisSeconds(redis: Redis): Promise<number> {
  const info = await redis.info("cpu");
  const used = (name: string) => Number(new RegExp(`^${name}:(\\S+)`, "m").exec(info)?.[1]);
  return used("used_cpu_user") + used("used_cpu_sys");
}

async function forward({ containers, redis }: ForwarderBench, lines: number): Promise<number> {
  const container = await containers.create(name(), printFast(lines));
  const begin = performance.now();
  await container.start();
  while (await countEntries(redis) < lines) await new Promise((resolve) => setTimeout(resolve, 10));
  const ms = performance.now() - begin;
  // The end-of-stream marker is the last entry.
  while (await countEntries(redis) < lines + 1) await new Promise((resolve) => setTimeout(resolve, 10));
  await container.remove();
  await redis.unlink(STREAMS);
  return lines / (ms / 1_000);
}

async function drain({ containers }: ForwarderBench, lines: number): Promise<number> {
  // Not the forwarder's business.
  const labels = { Labels: { [TEST_LABEL]: `${containers.label}-drained` } };
  const container = await containers.create(name(), printFast(lines), labels);
  try {
    const { frames, ms } = JSON.parse(await runProgram("drain.ts", [containers.host, container.id]));
    if (frames !== lines) throw new Error(`Cannot compare: ${frames} of ${lines} lines were drained`);
    return lines / (ms / 1_000);
  } finally {
    await container.remove({ force: true });
  }
}

const STREAMS = shardKeys("stream:job-logs", 8);

async function countEntries(redis: Redis): Promise<number> {
  const counts = await Promise.all(STREAMS.map((stream) => redis.xlen(stream)));
  return counts.reduce((sum, count) => sum + count, 0);
}

let containers = 0;

function name(): string {
  return `printing-${++containers}`;
}
