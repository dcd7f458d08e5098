import { assertEquals } from "@std/assert";
import { permissionFlags, WORKER_NAMES, type WorkerName } from "lib/run/permissions.ts";
import { tempPostgres, tempRedis } from "lib/testing/servers.ts";
import type { Plan, Report } from "./permissions_probe.ts";

const SETTINGS = {
  REDIS_URL: "redis://127.0.0.1:6/0",
  DB_DSN: "postgres://127.0.0.1:5/x",
  PFCON_URL: "http://127.0.0.1:4",
  QUICKWIT_URL: "http://127.0.0.1:3",
  LOG_STORE: "postgres",
  COMPUTE_ENV: "docker",
  DOCKER_HOST: "unix:///nowhere/docker.sock",
  HOST: "127.0.0.1",
  PORT: "8",
};

/** Which of the addresses above each worker reaches (Redis 6, Postgres 5, pfcon 4, Quickwit 3). */
const REACHES: Record<WorkerName, readonly number[]> = {
  event_forwarder: [6],
  log_forwarder: [6],
  status_consumer: [6],
  log_consumer: [6, 5],
  task_worker: [6, 5, 4],
  sse_service: [6, 5],
};

for (const worker of WORKER_NAMES) {
  Deno.test(`G12 ${worker} is refused other hosts, files, programs and variables`, async () => {
    const ports = [6, 5, 4, 3, 2];
    const report = await probe(worker, SETTINGS, {
      connect: [...ports.map((port) => `127.0.0.1:${port}`), "192.0.2.1:80"],
      read: ["/etc/passwd", "deno.json"],
      write: ["/nowhere/x", "web/x"],
      run: ["true", Deno.execPath()],
      env: ["NOT_ITS_BUSINESS", "REDIS_URL"],
    });
    const refused = (name: string) => [name, "refused"];
    assertEquals(report, {
      ...Object.fromEntries(ports.map((port) => {
        return [`connect 127.0.0.1:${port}`, REACHES[worker].includes(port) ? REFUSED_BY_PEER : "refused"];
      })),
      ...Object.fromEntries([
        "connect 192.0.2.1:80",
        "read /etc/passwd",
        "read deno.json",
        "write /nowhere/x",
        "write web/x",
        "run true",
        `run ${Deno.execPath()}`,
      ].map(refused)),
      "env NOT_ITS_BUSINESS": "unset",
      "env REDIS_URL": "done",
      "log": "done",
    });
  });
}

Deno.test("a worker's permissions are enough for Redis, the task queue and Postgres", async () => {
  await using redis = await tempRedis();
  await using postgres = await tempPostgres();
  const settings = { ...SETTINGS, REDIS_URL: redis.url, DB_DSN: postgres.dsn };
  const report = await probe("task_worker", settings, { redis: redis.url, postgres: postgres.dsn });
  assertEquals(report, { log: "done", redis: "done", queue: "done", postgres: "done" });
});

/** What the system says when Deno let the connection through and nobody listens. */
const REFUSED_BY_PEER = "Connection refused (os error 111)";

/** Runs the probe under the flags of a worker. */
async function probe(worker: WorkerName, settings: Record<string, string>, plan: Plan): Promise<Report> {
  const program = decodeURIComponent(new URL("./permissions_probe.ts", import.meta.url).pathname);
  const flags = permissionFlags(worker, settings);
  const { stdout, stderr, code } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--quiet", ...flags, program, JSON.stringify(plan)],
    env: { NOT_ITS_BUSINESS: "secret", REDIS_URL: settings.REDIS_URL ?? "" },
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}
