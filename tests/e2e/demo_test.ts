import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { openDocker } from "../../deploy/dev/docker_client.ts";
import { BackgroundProcess } from "../../deploy/dev/services/background_process.ts";
import { tailOf } from "../../deploy/dev/services/tail_of.ts";
import { sleep } from "lib/run/sleep.ts";

const ROOT = decodeURIComponent(new URL("../..", import.meta.url).pathname);
const DOCKER_HOST = Deno.env.get("DOCKER_HOST") ?? "";
/** How long a demo may take to stop in good order on a busy machine (ms). */
const STOP_MS = 60_000;

/** A started demo, and what it has written so far. */
async function demo(args: readonly string[], dockerHost: string) {
  const folder = await Deno.makeTempDir();
  const started = new BackgroundProcess({
    name: "demo",
    command: Deno.execPath(),
    args: ["run", "--no-prompt", "--allow-env", "--allow-net", "--allow-read", "--allow-run", "--allow-write"]
      .concat("--allow-sys=hostname,uid,gid", "deploy/dev/demo.ts", args),
    cwd: ROOT,
    env: { DOCKER_HOST: dockerHost, REDIS_URL: "", DB_DSN: "", PFCON_URL: "" },
    logFile: `${folder}/log`,
  });
  const output = () => tailOf(started.logFile, 1_000);
  return {
    started,
    output,
    /** The demo's own folder, as it says. */
    dir: async () => /Logs and data are in (\S+)/.exec(await output())?.[1] ?? "none",
    has: async (text: string) => {
      await started.ready(async () => {
        if (!(await output()).includes(text)) throw new Error(`it has not said "${text}"`);
      }, 180_000);
    },
    stop: () => started.stop(STOP_MS),
    [Symbol.asyncDispose]: async () => {
      await started.stop(STOP_MS);
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** Commands of processes that name `text`, once there are none or a minute has passed. */
async function leftovers(text: string): Promise<string[]> {
  let found: string[] = [];
  for (let tries = 0; tries < 600; tries++) {
    found = [];
    for await (const { name } of Deno.readDir("/proc")) {
      if (!/^\d+$/.test(name)) continue;
      const command = await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => "");
      if (command.includes(text)) found.push(command.replaceAll("\0", " "));
    }
    if (found.length === 0) break;
    await sleep(100);
  }
  return found;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

Deno.test("the demo runs its sample without a Docker Engine, shows it live, and leaves nothing behind", async () => {
  await using run = await demo(["--once"], "unix:///nowhere/docker.sock");
  const status = await run.started.ended;
  const output = await run.output();
  assertEquals(status.code, 0, output);
  for (const step of ["copy", "plugin", "upload", "delete"]) {
    assertMatch(output, new RegExp(`status +${step} +finishedSuccessfully, exit code 0`));
  }
  assertStringIncludes(output, "| slice 18 of 18: looks fine");
  assertMatch(output, /workflow +completed +finishedSuccessfully; workflow finishedSuccessfully/);
  const dir = await run.dir();
  assertEquals(await leftovers(dir), []);
  assertEquals(await exists(dir), false);
});

Deno.test({
  name: "two demos on one Docker Engine see only their own containers, and remove them",
  ignore: !DOCKER_HOST,
  fn: async () => {
    await using one = await demo(["--once"], DOCKER_HOST);
    await using two = await demo(["--once"], DOCKER_HOST);
    const statuses = await Promise.all([one.started.ended, two.started.ended]);
    const outputs = await Promise.all([one.output(), two.output()]);
    assertEquals(statuses.map(({ code }) => code), [0, 0], outputs.join("\n"));
    const jobs = outputs.map((text) => /Sample job (\S+)/.exec(text)?.[1] ?? "none");
    assert(jobs[0] !== jobs[1]);
    const containers = await openDocker(DOCKER_HOST).listContainers({ all: true });
    const names = containers.flatMap(({ Names }) => Names);
    assertEquals(names.filter((name) => jobs.some((job) => name.includes(job))), []);
  },
});

Deno.test("the demo starts a worker again that died, and stops everything when asked", async () => {
  await using run = await demo(["--no-sample"], "unix:///nowhere/docker.sock");
  await run.has("until Ctrl-C");
  const worker = Number(/status_consumer +ready, process (\d+)/.exec(await run.output())?.[1]);
  Deno.kill(worker, "SIGKILL");
  await run.has("is back");
  assertStringIncludes(await run.output(), "status_consumer  died, starting it again");
  const page = /Up at (\S+) until/.exec(await run.output())?.[1] ?? "none";
  const answer = await fetch(`${page}/health`);
  assertEquals(await answer.json(), { status: "ok" });
  const { code } = await run.stop();
  assertEquals(code, 0, await run.output());
  assertEquals(await leftovers(await run.dir()), []);
});

Deno.test("a demo that is killed takes everything along that it started", async () => {
  await using run = await demo(["--no-sample"], "unix:///nowhere/docker.sock");
  await run.has("until Ctrl-C");
  const dir = await run.dir();
  run.started.kill("SIGKILL");
  await run.started.ended;
  assertEquals(await leftovers(dir), []);
  await Deno.remove(dir, { recursive: true });
});
