/**
 * What each worker tells at `GET /metrics`, as a process with its own permissions.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { StrictPfcon } from "lib/testing/strict_pfcon.ts";
import { WORKER_NAMES, type WorkerName } from "lib/run/permissions.ts";
import { promtool, withoutPromtool } from "lib/testing/promtool.ts";
import { tempPostgres, tempRedis } from "lib/testing/servers.ts";
import { until } from "lib/testing/until.ts";
import { workerArgs } from "../../workers/worker_command.ts";
import { alerts, figuresIn, figuresOf, panels } from "../gate/observability.ts";
import { startProcess, type TestProcess } from "./worker_process.ts";

/** A figure that only this worker has, and that is told from the start. */
const OWN: Record<WorkerName, string> = {
  event_forwarder: "chris_containers_inspected_total",
  log_forwarder: "chris_log_lines_published_total",
  status_consumer: "chris_consumer_entries_handled_total",
  log_consumer: "chris_consumer_entries_handled_total",
  task_worker: "chris_pfcon_calls_total",
  sse_service: "chris_sse_clients",
};

Deno.test(
  "each worker tells its figures, all that alerts and dashboard read, as Prometheus wants them; also in an outage",
  {
    ignore: withoutPromtool,
  },
  async () => {
    await using redis = await tempRedis();
    await using postgres = await tempPostgres();
    await using pfcon = new StrictPfcon();
    const env = {
      REDIS_URL: redis.url,
      DB_DSN: postgres.dsn,
      LOG_STORE: "postgres",
      PFCON_URL: pfcon.url,
      PFCON_USER: pfcon.user,
      PFCON_PASSWORD: pfcon.password,
      DOCKER_HOST: "unix:///nonexistent/docker.sock",
      STREAM_NUM_SHARDS: "2",
    };
    await using workers = new AsyncDisposableStack();
    const started = await Promise.all(WORKER_NAMES.map(async (name) => {
      const worker = workers.use(await startWorker(name, env));
      const { port } = await worker.logged("health server listens");
      return { name, url: `http://127.0.0.1:${port}` };
    }));
    for (const { name, url } of started) {
      const text = await until(`${name} with its own figures, and Redis there`, async () => {
        const text = await textOf(url);
        const hasOwn = valueOf(text, OWN[name]) !== null || text.includes(`\n${OWN[name]}{`);
        const isUp = text.includes('chris_dependency_up{dependency="redis"} 1');
        return hasOwn && isUp && (name !== "sse_service" || valueOf(text, "chris_streams_up") === 1) && text;
      });
      assertEquals(await promtool(["check", "metrics"], text), { success: true, output: "" }, name);
      assertStringIncludes(text, `chris_worker_info{worker="${name}"`);
      assert((valueOf(text, "process_resident_memory_bytes") ?? 0) > 1e6, "memory is told");
      assert((valueOf(text, "process_cpu_seconds_total") ?? 0) > 0, "processor time is told");
      const open = await fetch(`${url}/metrics`, { headers: { accept: "application/openmetrics-text" } });
      assertMatch(open.headers.get("content-type") ?? "", /^application\/openmetrics-text/);
      assertMatch(await open.text(), /\n# EOF\n$/);
    }
    await allTold(started.map(({ url }) => url));
    const sse = started.find(({ name }) => name === "sse_service")?.url ?? "";
    await redis.stop();
    await until("told that Redis is away, with what can be had", async () => {
      const begun = performance.now();
      const text = await textOf(sse);
      assert(performance.now() - begun < 10_000, "it does not hang");
      return valueOf(text, "chris_streams_up") === 0 &&
        text.includes('chris_dependency_up{dependency="redis"} 0') &&
        valueOf(text, "chris_outbox_backlog") === 0;
    });
  },
);

/** Waits until alerts and dashboard read only what some worker tells: a worker has some figures only once it is ready. */
async function allTold(urls: readonly string[]): Promise<void> {
  const read = [
    ...(await alerts()).map(({ alert, expr }) => ({ who: alert, expr })),
    ...(await panels()).flatMap(({ title, targets = [] }) =>
      targets.map(({ expr }) => ({ who: title, expr }))
    ),
  ];
  const told = new Set<string>();
  let missing: string[] = [];
  await until("told", async () => {
    for (const url of urls) for (const figure of figuresOf(await textOf(url))) told.add(figure);
    missing = read.filter(({ expr }) => !figuresIn(expr).isSubsetOf(told))
      .map(({ who, expr }) => `${who} reads ${expr}`);
    return missing.length === 0;
  }).catch((error) => {
    throw new Error(missing.join("; "), { cause: error });
  });
}

async function startWorker(name: WorkerName, env: Record<string, string>): Promise<TestProcess> {
  const settings = { ...env, PORT: "0", HEALTH_PORT: "0", SHUTDOWN_GRACE_SECONDS: "3" };
  const args = await workerArgs(name, settings);
  return startProcess(`workers/${name}/main.ts`, settings, [], args.slice(1, -1));
}

async function textOf(url: string): Promise<string> {
  const response = await fetch(`${url}/metrics`);
  const text = await response.text();
  assertEquals(response.status, 200, text);
  return text;
}

/** The value of a figure without labels; null if it is not told. */
function valueOf(text: string, name: string): number | null {
  const value = new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1];
  return value === undefined ? null : Number(value);
}
