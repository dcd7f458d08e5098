/** deploy/Dockerfile against the programs it holds: all that can be known without building it. */
import { assert, assertEquals } from "@std/assert";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { WORKER_NAMES } from "lib/run/permissions.ts";
import { sleep } from "lib/run/sleep.ts";
import { freePort } from "../deploy/dev/services/free_port.ts";

const ROOT = new URL("../", import.meta.url);
const dockerfile = await projectText("deploy/Dockerfile");

Deno.test("the image has the deno that the project is checked with", async () => {
  const checked = /deno@([\d.]+)/.exec(await projectText(".ci/run"))?.[1];
  assertEquals(rest("FROM"), [`denoland/deno:${checked}`]);
});

Deno.test("the image holds every file that a program in it imports, and the page", async () => {
  const held = await imageFiles();
  const programs = [
    "workers/start.ts",
    "deploy/healthcheck/main.ts",
    "deploy/dlq/start.ts",
    "deploy/dlq/main.ts",
    "deploy/chris/start.ts",
    "deploy/chris/main.ts",
    ...WORKER_NAMES.flatMap((worker) => ["config.ts", "main.ts"].map((name) => `workers/${worker}/${name}`)),
  ];
  const imported = (await Promise.all(programs.map(localImports))).flat();
  assert(imported.includes("lib/run/run_main.ts"));
  assertEquals([...new Set(imported)].filter((path) => !held(path)), []);
  for (const path of ["web/index.html", "web/app.js", "deno.json", "deno.lock", "lib/jsr/zod/deno.json"]) {
    assert(held(path), path);
  }
});

Deno.test("the image holds no tests, and a build is not even sent what is secret or of another machine", async () => {
  const [held, ignored] = [await imageFiles(), await ignoredFiles()];
  for (const path of ["lib/run/config_test.ts", "lib/testing/servers.ts", "deploy/dev/demo.ts"]) {
    assert(!held(path), path);
  }
  for (const path of [".env", "deploy/.env.example", ".git/config", "node_modules/zod/index.js"]) {
    assert(ignored(path), path);
  }
});

Deno.test("the image is built from the lock as it is, and its processes are no root", () => {
  const installs = rest("RUN").filter((line) => line.includes("install"));
  assert(installs.length > 0 && installs.every((line) => line.includes("--frozen")), installs.join("\n"));
  assert(!["", "root", "0"].includes(rest("USER").at(-1) ?? ""));
});

Deno.test("no program in the image is allowed everything", () => {
  for (const command of [words("ENTRYPOINT"), healthcheck()]) {
    assertEquals(command.slice(0, 2), ["deno", "run"]);
    assert(command.includes("--cached-only") && command.includes("--no-prompt"));
    const all = command.filter((word) =>
      /^(-A|--allow-all|--allow-(?:net|run|read|write|sys|ffi))$/.test(word)
    );
    assertEquals(all, []);
  }
});

Deno.test("docker-compose.yml checks workers as the image does", async () => {
  const compose = await projectText("docker-compose.yml");
  const block = /x-worker:[\s\S]*?test:\n((?: +- .*\n)+)/.exec(compose)?.[1] ?? "";
  assertEquals(block.trim().split(/\s*- /).filter(Boolean).slice(1), healthcheck());
});

for (const worker of WORKER_NAMES) {
  Deno.test(`the image's entry point knows ${worker}`, async () => {
    const { code, stdout, stderr } = await started(words("ENTRYPOINT"), {
      args: [worker.replaceAll("_", "-"), "--help"],
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    assert(new TextDecoder().decode(stdout).startsWith(`${worker}: `));
  });
}

Deno.test("the image's entry point starts a worker, which its health check finds and STOPSIGNAL ends", async () => {
  const env = { HEALTH_PORT: String(freePort()), REDIS_URL: "redis://127.0.0.1:9/0" };
  const args = ["event-forwarder"];
  const [signal] = rest("STOPSIGNAL");
  assert(signal === "SIGTERM" || signal === "SIGINT", `a worker cannot end well at ${signal}`);
  await using worker = started(words("ENTRYPOINT"), { args, env, stdout: "null" }).spawn();
  let ended = false;
  worker.status.then(() => ended = true);
  let check = await started(healthcheck(), { env }).output();
  while (!ended && check.stdout.length === 0) {
    await sleep(50);
    check = await started(healthcheck(), { env }).output();
  }
  const said = new TextDecoder().decode(check.stdout);
  assertEquals(
    [ended, check.code],
    [false, 1],
    `it runs, and is not ready as long as there is no redis: ${said}`,
  );
  assert(said.includes('"redis"'), said);
  worker.kill(signal);
  const { code, stderr } = await worker.output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
});

Deno.test("the image's health check is well when the worker is ready", async () => {
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
    const ready = new URL(request.url).pathname === "/ready";
    return new Response(ready ? "ready" : "unknown path", { status: ready ? 200 : 404 });
  });
  const { code } = await started(healthcheck(), { env: { HEALTH_PORT: String(server.addr.port) } }).output();
  assertEquals(code, 0);
});

Deno.test("init_test_data.sh makes the sample's input once and leaves what is there alone", async () => {
  const store = await Deno.makeTempDir({ prefix: "chris-store-" });
  try {
    const script = fileURLToPath(new URL("deploy/init_test_data.sh", ROOT));
    const run = async () => await new Deno.Command("sh", { args: [script, store] }).output();
    assertEquals((await run()).code, 0);
    const link = await Deno.readTextFile(`${store}/demo/incoming/atlas.chrislink`);
    assert((await Deno.stat(`${store}/${link}`)).isDirectory, `${link} is no folder of the store`);
    await Deno.writeTextFile(`${store}/demo/incoming/notes.txt`, "mine");
    await Deno.remove(`${store}/demo/incoming/slices/slice_2.csv`);
    const again = await run();
    assertEquals(new TextDecoder().decode(again.stdout), "made demo/incoming/slices/slice_2.csv\n");
    assertEquals(await Deno.readTextFile(`${store}/demo/incoming/notes.txt`), "mine");
  } finally {
    await Deno.remove(store, { recursive: true });
  }
});

/** What follows an instruction, for each time it stands in the Dockerfile. */
function rest(instruction: string): string[] {
  const lines = dockerfile.replace(/\\\n/g, " ").split("\n");
  return lines.filter((line) => line.startsWith(`${instruction} `)).map((line) =>
    line.slice(instruction.length).trim()
  );
}

/** The words of an instruction in its JSON form. */
function words(instruction: string): string[] {
  const [text = "[]"] = rest(instruction).map((line) => line.slice(line.indexOf("[")));
  return JSON.parse(text);
}

function healthcheck(): string[] {
  return words("HEALTHCHECK");
}

/** A command of the image, run here: in the project's folder, with this very deno. */
function started(
  [, ...own]: readonly string[],
  { args = [], env = {}, stdout = "piped" }: {
    args?: readonly string[];
    env?: Record<string, string>;
    stdout?: "piped" | "null";
  },
): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: [...own, ...args],
    cwd: ROOT,
    env: { NO_COLOR: "1", PATH: `${dirname(Deno.execPath())}:${Deno.env.get("PATH")}`, ...env },
    stdout,
    stderr: "piped",
  });
}

/** Says of a path of the project whether it gets into the image. */
async function imageFiles(): Promise<(path: string) => boolean> {
  const sources = rest("COPY").flatMap((line) => line.split(/\s+/).slice(0, -1));
  const copied = (path: string) => sources.some((source) => path === source || path.startsWith(`${source}/`));
  const ignored = await ignoredFiles();
  return (path) => copied(path) && !ignored(path);
}

/** Says of a path of the project whether `.dockerignore` keeps it from builds: the last rule about it counts. */
async function ignoredFiles(): Promise<(path: string) => boolean> {
  const rules = (await projectText(".dockerignore")).split("\n").filter((line) =>
    line && !line.startsWith("#")
  );
  return (path) => {
    const last = rules.findLast((rule) => ruleMatches(rule.replace(/^!/, ""), path));
    return last !== undefined && !last.startsWith("!");
  };
}

/** Whether a rule of `.dockerignore` speaks of a path or of a folder it is in. */
function ruleMatches(rule: string, path: string): boolean {
  const escaped = rule.replace(/[.+^$(){}|[\]\\]/g, "\\$&");
  const pattern = escaped.replace(/\*\*\/|\*/g, (stars) => stars === "*" ? "[^/]*" : "(?:.*/)?");
  return new RegExp(`^${pattern}(?:/|$)`).test(path);
}

/** Files of the project that a program needs for its imports. */
async function localImports(program: string): Promise<string[]> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", program],
    cwd: ROOT,
    stderr: "inherit",
  }).output();
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as { modules: { specifier: string }[] };
  const own = modules.map(({ specifier }) => specifier).filter((specifier) =>
    specifier.startsWith(ROOT.href)
  );
  return own.map((specifier) => specifier.slice(ROOT.href.length)).filter((path) =>
    !path.startsWith("node_modules/")
  );
}

function projectText(path: string): Promise<string> {
  return Deno.readTextFile(new URL(path, ROOT));
}
