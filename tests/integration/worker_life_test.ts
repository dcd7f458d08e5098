import { assertEquals } from "@std/assert";
import { StrictPfcon } from "lib/testing/strict_pfcon.ts";
import { WORKER_NAMES, type WorkerName } from "lib/run/permissions.ts";
import { tempPostgres, tempRedis } from "lib/testing/servers.ts";
import { until } from "lib/testing/until.ts";
import { startProcess, type TestProcess } from "./worker_process.ts";

/** Nothing listens on the discard port of this machine. */
const NOWHERE = "127.0.0.1:9";

/** Settings with which a worker finds none of its dependencies. */
const ABSENT: Record<string, string> = {
  REDIS_URL: `redis://${NOWHERE}/0`,
  DB_DSN: `postgresql://nobody@${NOWHERE}/none`,
  LOG_STORE: "postgres",
  PFCON_URL: `http://${NOWHERE}`,
  PFCON_USER: "nobody",
  PFCON_PASSWORD: "nothing",
  DOCKER_HOST: "unix:///nonexistent/docker.sock",
  PORT: "0",
  HEALTH_PORT: "0",
  SHUTDOWN_GRACE_SECONDS: "20",
};

async function healthOf(worker: TestProcess, path: string): Promise<Response> {
  const { port } = await worker.logged("health server listens");
  return await fetch(`http://127.0.0.1:${port}${path}`);
}

async function assertStops(name: WorkerName, worker: TestProcess): Promise<void> {
  worker.kill("SIGTERM");
  assertEquals(await worker.ended, 0, `${name}:\n${worker.output()}`);
}

for (const name of WORKER_NAMES) {
  Deno.test(`G16 ${name} is alive before any of its dependencies, says what it waits for, and stops with 0`, async () => {
    await using worker = startProcess(`workers/${name}/main.ts`, ABSENT);
    assertEquals(await (await healthOf(worker, "/health")).json(), { status: "ok" });
    const ready = await until("not ready, with a line per dependency", async () => {
      const response = await healthOf(worker, "/ready");
      const body = await response.json();
      return Object.keys(body.dependencies).length > 0 ? { status: response.status, ...body } : undefined;
    });
    const { intake: _own, ...others } = ready.dependencies; // "ok" until it stops
    assertEquals([ready.status, Object.values(others).includes("ok")], ["not ready", false]);
    await assertStops(name, worker);
  });
}

Deno.test("G15 each worker that reaches its dependencies becomes ready, and SIGTERM ends it with 0", async (t) => {
  await using redis = await tempRedis();
  await using postgres = await tempPostgres();
  await using pfcon = new StrictPfcon();
  const env = {
    ...ABSENT,
    REDIS_URL: redis.url,
    DB_DSN: postgres.dsn,
    PFCON_URL: pfcon.url,
    PFCON_USER: pfcon.user,
    PFCON_PASSWORD: pfcon.password,
  };
  // The forwarders' own tests do the same with an engine.
  for (const name of WORKER_NAMES.filter((name) => !name.endsWith("_forwarder"))) {
    await t.step(name, async () => {
      await using worker = startProcess(`workers/${name}/main.ts`, env);
      await until("ready", async () => (await healthOf(worker, "/ready")).ok || undefined);
      await assertStops(name, worker);
    });
  }
});
