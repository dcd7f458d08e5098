import { assertEquals } from "@std/assert";
import { permissionFlags, WORKER_NAMES } from "lib/run/permissions.ts";
import { workerSettings } from "./worker_settings.ts";

const demo = {
  redis: "redis://:r@127.0.0.1:1/0",
  postgres: "postgres://chris:p@127.0.0.1:2/postgres",
  docker: "unix:///engine.sock",
  label: "org.chrisproject.miniChRIS=demo-1",
  pfcon: { url: "http://127.0.0.1:3", user: "chris", password: "secret" },
  image: "sample:1",
  uiPort: 4,
};

Deno.test("workerSettings() makes forwarders see the containers of this demo only", () => {
  const { DOCKER_LABEL_FILTER, DOCKER_LABEL_VALUE, DOCKER_HOST } = workerSettings("log_forwarder", demo);
  assertEquals([DOCKER_LABEL_FILTER, DOCKER_LABEL_VALUE, DOCKER_HOST], [
    "org.chrisproject.miniChRIS",
    "demo-1",
    "unix:///engine.sock",
  ]);
});

Deno.test("workerSettings() tells a password only to those who use it", () => {
  const told = (secret: string) =>
    WORKER_NAMES.filter((worker) => JSON.stringify(workerSettings(worker, demo)).includes(secret));
  assertEquals(told("secret"), ["task_worker"]);
  assertEquals(told("chris:p@"), ["log_consumer", "task_worker", "sse_service"]);
});

Deno.test("workerSettings() keeps every worker to the demo's own Redis, also for tasks", () => {
  for (const worker of WORKER_NAMES) {
    const settings = { ...{ TASK_BROKER_URL: "redis://elsewhere:6379" }, ...workerSettings(worker, demo) };
    assertEquals(permissionFlags(worker, settings).join(" ").includes("elsewhere"), false, worker);
  }
});
