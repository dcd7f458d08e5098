/**
 * What both forwarders ask the runtime while jobs run and nothing happens.
 *
 * @module
 */
import { tempRedis } from "lib/testing/servers.ts";
import { until } from "lib/testing/until.ts";
import { openDocker } from "../../../deploy/dev/docker_client.ts";
import { startProcessEngine } from "../../../deploy/dev/engine.ts";
import { CountingProxy } from "./counting_proxy.ts";
import { startWorker } from "./worker.ts";

const LABEL = "org.chrisproject.bench";
const IMAGE = "example/resting:1";
/**
 * How much faster than by default everything happens that the forwarders do again and again: their intervals, of
 * 30 s by default and while a log stays silent ever longer multiples of that, are 1 s here.
 */
const PACE = 30;
const INTERVALS = { DOCKER_RECONCILE_SECONDS: "1", LOG_RELIST_SECONDS: "1", LOG_SILENCE_SECONDS: "1" };
/** At this pace a quarter of an hour (ms). */
const WINDOW_MS = 30_000;

/** Calls per second at the default pace: those for each container, and those for all of them together. */
export interface CallsAtRest {
  readonly perContainer: number;
  readonly shared: number;
}

/** Counts with `count` containers of the process engine, which cost no more than a process each. */
export async function callsAtRest(count: number, progress: (text: string) => void): Promise<CallsAtRest> {
  const folder = await Deno.makeTempDir({ prefix: "bench-engine-" });
  try {
    await using engine = await startProcessEngine({ dir: folder, image: IMAGE });
    await using proxy = new CountingProxy(engine.host);
    await using redis = await tempRedis();
    const settings = {
      REDIS_URL: redis.url,
      DOCKER_HOST: proxy.address,
      DOCKER_LABEL_FILTER: LABEL,
      DOCKER_LABEL_VALUE: "yes",
      ...INTERVALS,
    };
    const docker = openDocker(engine.host);
    for (let n = 0; n < count; n++) {
      const container = await docker.createContainer({
        name: `resting-${n}`,
        Image: IMAGE,
        Cmd: ["sleep", "600"],
        Labels: { [LABEL]: "yes" },
      });
      await container.start();
    }
    await using _events = await startWorker("event_forwarder", settings);
    await using _lines = await startWorker("log_forwarder", settings);
    const following = () => proxy.calls.filter((call) => call.endsWith("/logs")).length >= count;
    await until("all logs followed", following, 60_000);
    const before = proxy.calls.length;
    await new Promise((resolve) => setTimeout(resolve, WINDOW_MS));
    const calls = proxy.calls.slice(before).filter((call) => !call.endsWith("/_ping"));
    const seconds = WINDOW_MS / 1_000 * PACE;
    progress(
      `${calls.length} calls to the runtime in ${seconds} s (${PACE} times as fast), ${count} silent containers`,
    );
    const ofContainers = calls.filter((call) => /\/containers\/(?!json)/.test(call)).length;
    for (const { Id } of await docker.listContainers({ all: true })) {
      await docker.getContainer(Id).remove({ force: true });
    }
    return { perContainer: ofContainers / count / seconds, shared: (calls.length - ofContainers) / seconds };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
