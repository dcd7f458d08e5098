/**
 * (e) Processor time and memory of each worker while a container prints at a known pace, with one client that
 * follows it.
 *
 * @module
 */
import { TEST_LABEL, TestContainers } from "lib/testing/test_containers.ts";
import { StrictPfcon } from "lib/testing/strict_pfcon.ts";
import { WORKER_NAMES } from "lib/run/permissions.ts";
import { tempPostgres, tempRedis } from "lib/testing/servers.ts";
import { silentLogger as log } from "lib/run/log.ts";
import { shardKeys } from "lib/stream/keys.ts";
import { openRedis } from "lib/stream/open_redis.ts";
import { freePort } from "../../../deploy/dev/services/free_port.ts";
import type { BenchOptions, Figure } from "./measurement.ts";
import { printPaced } from "./printing.ts";
import { cpuSeconds, residentBytes } from "./process_cost.ts";
import { type BenchWorker, startWorker } from "./worker.ts";

/** Lines per second. */
const PACES = [1_000, 10_000];
/** From the container's start to the measurement, and the measurement itself (ms). */
const SETTLE_MS = 3_000;
const MEASURE_MS = 6_000;

/** Measures all workers, side by side as in a small site. */
export async function workerCost({ progress }: BenchOptions): Promise<Figure[]> {
  await using containers = await TestContainers.open();
  await using redisServer = await tempRedis();
  await using postgres = await tempPostgres();
  await using redis = openRedis(redisServer.url, { name: "bench", log });
  await using pfcon = new StrictPfcon();
  const port = freePort();
  const settings = {
    REDIS_URL: redisServer.url,
    DB_DSN: postgres.dsn,
    LOG_STORE: "postgres",
    DOCKER_HOST: containers.host,
    DOCKER_LABEL_FILTER: TEST_LABEL,
    DOCKER_LABEL_VALUE: containers.label,
    PFCON_URL: pfcon.url,
    PFCON_USER: pfcon.user,
    PFCON_PASSWORD: pfcon.password,
    PORT: String(port),
  };
  await using stack = new AsyncDisposableStack();
  const workers: BenchWorker[] = [];
  for (const name of WORKER_NAMES) workers.push(stack.use(await startWorker(name, settings)));
  const countLines = async () => {
    const counts = await Promise.all(shardKeys("stream:job-logs", 8).map((stream) => redis.xlen(stream)));
    return counts.reduce((sum, count) => sum + count, 0);
  };
  const figures: Figure[] = [];
  for (const pace of PACES) {
    const name = `pace-${pace}`;
    const container = await containers.start(name, printPaced(pace, (SETTLE_MS + MEASURE_MS) / 1_000 + 5));
    using _client = follow(`http://127.0.0.1:${port}/events/${containers.nameOf(name)}/logs`);
    await wait(SETTLE_MS);
    const [lines, begin, cpu] = [
      await countLines(),
      performance.now(),
      workers.map(({ pid }) => cpuSeconds(pid)),
    ];
    await wait(MEASURE_MS);
    const seconds = (performance.now() - begin) / 1_000;
    const rate = (await countLines() - lines) / seconds;
    progress(`at ${pace.toLocaleString("en")} lines/s: ${Math.round(rate).toLocaleString("en")} really came`);
    figures.push({
      name: `lines that came, of ${pace.toLocaleString("en")} a second`,
      unit: "lines/s",
      ours: rate,
      how: "measured",
    });
    for (const [index, worker] of workers.entries()) {
      const share = (cpuSeconds(worker.pid) - (cpu[index] ?? 0)) / seconds;
      figures.push(
        { name: `  ${worker.name}: processor`, unit: "% of a core", ours: share * 100, how: "measured" },
        {
          name: `  ${worker.name}: memory`,
          unit: "MiB",
          ours: residentBytes(worker.pid) / 2 ** 20,
          how: "measured",
        },
      );
    }
    await container.remove({ force: true });
  }
  return figures;
}

/** A client that reads, and does nothing with what it reads. */
function follow(url: string): Disposable {
  const stop = new AbortController();
  fetch(url, { signal: stop.signal })
    .then((response) => response.body?.pipeTo(new WritableStream()))
    .catch(() => {}); // aborted
  return { [Symbol.dispose]: () => stop.abort() };
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
