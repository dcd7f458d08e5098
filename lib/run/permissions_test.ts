import { assert, assertEquals } from "@std/assert";
import { permissionFlags, type Settings, WORKER_NAMES, type WorkerName } from "./permissions.ts";

const SETTINGS: Settings = {
  REDIS_URL: "redis://redis:6379/0",
  DB_DSN: "postgres://u:p@db/chris",
  LOG_STORE: "postgres",
  QUICKWIT_URL: "http://quickwit:7280",
  PFCON_URL: "http://pfcon:5005",
  COMPUTE_ENV: "docker",
  HOST: "127.0.0.1",
  PORT: 8080,
  HEALTH_PORT: undefined,
};

/** The values of one flag. */
function values(kind: string, worker: WorkerName, settings: Settings): string[] {
  const flag = permissionFlags(worker, settings).find((text) => text.startsWith(`--allow-${kind}=`));
  return flag?.slice(`--allow-${kind}=`.length).split(",") ?? [];
}

Deno.test("permissionFlags() lets each worker reach what it is configured for and nothing else", () => {
  assertEquals(Object.fromEntries(WORKER_NAMES.map((worker) => [worker, values("net", worker, SETTINGS)])), {
    event_forwarder: ["unix:/var/run/docker.sock", "redis:6379"],
    log_forwarder: ["unix:/var/run/docker.sock", "redis:6379"],
    status_consumer: ["redis:6379"],
    log_consumer: ["redis:6379", "db:5432"],
    task_worker: ["redis:6379", "db:5432", "pfcon:5005"],
    sse_service: ["redis:6379", "db:5432", "127.0.0.1:8080"],
  });
});

Deno.test("permissionFlags() gives no worker all of anything", () => {
  for (const worker of WORKER_NAMES) {
    for (const flag of permissionFlags(worker, SETTINGS)) {
      assert(
        flag === "--ignore-env" || /^--allow-(env|sys|net|read|write)=./.test(flag),
        `${worker}: ${flag}`,
      );
    }
  }
});

Deno.test("permissionFlags() reaches Quickwit instead of Postgres where logs are kept there", () => {
  const settings = { ...SETTINGS, LOG_STORE: "quickwit" };
  assertEquals(values("net", "log_consumer", settings), ["redis:6379", "quickwit:7280"]);
});

Deno.test("permissionFlags() lets sse_service ask the token issuer for its keys, where it is to ask", () => {
  const settings = { ...SETTINGS, AUTH_JWKS_URL: "https://login.example/realms/chris/certs" };
  assert(values("net", "sse_service", settings).includes("login.example:443"));
});

Deno.test("permissionFlags() opens only the engine's socket, wherever it is", () => {
  const settings = { ...SETTINGS, DOCKER_HOST: "unix:///run/user/1,000/docker.sock" };
  const flags = permissionFlags("event_forwarder", settings);
  assert(flags.includes("--allow-read=/run/user/1,,000/docker.sock"));
  assert(flags.includes("--allow-write=/run/user/1,,000/docker.sock"));
  assertEquals(values("net", "log_forwarder", { ...SETTINGS, DOCKER_HOST: "tcp://engine:2376" }), [
    "engine:2376",
    "redis:6379",
  ]);
});

Deno.test("permissionFlags() opens the Engine's folder of logs to read, and only where it is named", () => {
  const settings = { ...SETTINGS, DOCKER_LOG_DIR: "/var/lib/docker/containers" };
  assert(values("read", "log_forwarder", settings).includes("/var/lib/docker/containers"));
  assertEquals(values("write", "log_forwarder", settings), values("write", "log_forwarder", SETTINGS));
  const tcp = { ...settings, DOCKER_HOST: "tcp://engine:2376" };
  assertEquals(values("read", "log_forwarder", tcp), ["/var/lib/docker/containers"]);
});

Deno.test("permissionFlags() lets a worker listen on its health port, and only where it has one", () => {
  assertEquals(values("net", "status_consumer", { ...SETTINGS, HEALTH_PORT: 9100, HEALTH_HOST: "::1" }), [
    "[::1]:9100",
    "redis:6379",
  ]);
});

Deno.test("permissionFlags() shows a worker the variables it knows and no others", () => {
  assertEquals(values("env", "log_consumer", SETTINGS), Object.keys(SETTINGS));
});

Deno.test("permissionFlags() lets only sse_service read files, and those of the web folder", () => {
  for (const worker of WORKER_NAMES) {
    const read = values("read", worker, SETTINGS).filter((path) => !path.endsWith("/docker.sock"));
    assertEquals(read.map((path) => path.split("/").at(-1)), worker === "sse_service" ? ["web"] : []);
  }
});
