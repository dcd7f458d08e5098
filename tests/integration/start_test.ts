import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { sleep } from "lib/run/sleep.ts";
import { BackgroundProcess } from "../../deploy/dev/services/background_process.ts";
import { freePort } from "../../deploy/dev/services/free_port.ts";
import { tempRedis } from "lib/testing/servers.ts";

const ROOT = decodeURIComponent(new URL("../..", import.meta.url).pathname);
const START = [
  "run",
  "--no-prompt",
  "--quiet",
  "--allow-env",
  "--allow-run=deno",
  "--allow-read=.",
  "workers/start.ts",
];

/** Runs the launcher to its end with the permissions of the tasks. */
async function start(args: readonly string[], env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...START, ...args],
    cwd: ROOT,
    env,
  }).output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

Deno.test("the launcher explains a worker and its settings, by either spelling of its name", async () => {
  for (const name of ["log-consumer", "log_consumer"]) {
    const { code, out } = await start([name, "--help"]);
    assertEquals(code, 0);
    assertStringIncludes(out, "BATCH_MAX_SIZE");
  }
});

Deno.test("the launcher refuses an unknown worker, arguments, and settings that cannot work, with code 2", async () => {
  assertEquals((await start(["log-eater"])).code, 2);
  assertEquals((await start(["log-consumer", "fast"])).code, 2);
  const { code, err } = await start(["log-consumer"], { STREAM_NUM_SHARDS: "none", BATCH_MAX_SIZE: "0" });
  assertEquals(code, 2);
  assertStringIncludes(err, 'STREAM_NUM_SHARDS is "none"');
  assertStringIncludes(err, 'BATCH_MAX_SIZE is "0"');
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`G15 the launcher passes ${signal} on and ends with the worker's code`, async () => {
    await using redis = await tempRedis();
    const dir = await Deno.makeTempDir();
    const port = freePort();
    const launcher = new BackgroundProcess({
      name: "launcher",
      command: Deno.execPath(),
      args: [...START, "status-consumer"],
      cwd: ROOT,
      env: { REDIS_URL: redis.url, TASK_BROKER_URL: "", CELERY_BROKER_URL: "", HEALTH_PORT: String(port) },
      logFile: `${dir}/log`,
      stopSignal: signal,
    });
    try {
      await launcher.ready(async () => {
        const response = await fetch(`http://127.0.0.1:${port}/ready`);
        const text = await response.text();
        if (!response.ok) throw new Error(text);
      }, 60_000);
      const status = await launcher.stop(30_000);
      assertEquals(status.code, 0, await launcher.logTail());
      assert(await closed(port), "the worker is gone");
    } finally {
      await launcher.stop(0);
      await Deno.remove(dir, { recursive: true });
    }
  });
}

/** Whether nothing listens on a port within five seconds. */
async function closed(port: number): Promise<boolean> {
  for (let tries = 0; tries < 100; tries++) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    } catch {
      return true;
    }
    await sleep(50);
  }
  return false;
}
