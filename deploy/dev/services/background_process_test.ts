import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { sleep } from "lib/run/sleep.ts";
import { BackgroundProcess, StartError } from "./background_process.ts";

/** A shell script as a background process, with its log in a folder that goes with the test. */
async function script(text: string, stopSignal: Deno.Signal = "SIGTERM") {
  const dir = await Deno.makeTempDir();
  const started = new BackgroundProcess({
    name: "script",
    command: "/bin/sh",
    args: ["-c", text],
    logFile: `${dir}/log`,
    stopSignal,
  });
  return Object.assign(started, {
    [Symbol.asyncDispose]: async () => {
      await started.stop(0);
      await Deno.remove(dir, { recursive: true });
    },
  });
}

async function wrote(started: BackgroundProcess, text: string): Promise<void> {
  await started.ready(async () => {
    if (!(await started.logTail()).includes(text)) throw new Error(`its log does not have ${text}`);
  }, 60_000);
}

Deno.test("BackgroundProcess.stop() asks with the signal it was given", async () => {
  await using started = await script(
    "trap 'echo asked; exit 7' INT; echo up; while :; do sleep 0.05; done",
    "SIGINT",
  );
  await wrote(started, "up");
  assertEquals((await started.stop()).code, 7);
  assertStringIncludes(await started.logTail(), "asked");
});

Deno.test("BackgroundProcess.stop() ends a process that does not listen, and its children", async () => {
  await using started = await script("trap '' TERM; sleep 300 & echo child $!; while :; do sleep 0.05; done");
  await wrote(started, "child");
  const child = Number(/child (\d+)/.exec(await started.logTail())?.[1]);
  assertEquals((await started.stop(100)).signal, "SIGKILL");
  assert(await gone(child), "the child is gone");
});

Deno.test("BackgroundProcess.stop(0) is a crash: the process is not asked", async () => {
  await using started = await script("trap 'exit 7' TERM; echo up; while :; do :; done");
  await wrote(started, "up");
  assertEquals((await started.stop(0)).signal, "SIGKILL");
});

Deno.test("BackgroundProcess.ready() tells why a process ended too early", async () => {
  await using started = await script("echo no such thing >&2; exit 3");
  const error = await assertRejects(
    () => started.ready(() => Promise.reject(new Error("not yet")), 60_000),
    StartError,
  );
  assertStringIncludes(error.message, "Cannot start script: it ended with exit code 3");
  assertStringIncludes(error.message, "| no such thing");
});

Deno.test("BackgroundProcess.ready() gives up in time and tells what was missing", async () => {
  await using started = await script("echo waiting; sleep 300");
  await assertRejects(
    () => started.ready(() => Promise.reject(new Error("no answer")), 200),
    StartError,
    "(no answer)",
  );
});

Deno.test("BackgroundProcess ends with the process that started it, however that ends", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const module = new URL("./background_process.ts", import.meta.url).href;
    const code = `import { BackgroundProcess } from "${module}";
      const started = new BackgroundProcess({ name: "x", command: "sleep", args: ["300"], logFile: "${dir}/log" });
      console.log(started.pid);
      Deno.kill(Deno.pid, "SIGKILL");`;
    const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", "--quiet", code] }).output();
    const pid = Number(new TextDecoder().decode(stdout));
    assert(pid > 0);
    assert(await gone(pid), "what it started is gone");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

/** Whether a process ends within a minute. */
async function gone(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 1_200; tries++) {
    try {
      Deno.kill(pid, "SIGCONT");
      if (/^State:\s+Z/m.test(await Deno.readTextFile(`/proc/${pid}/status`))) return true;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return true;
      throw error;
    }
    await sleep(50);
  }
  return false;
}
