import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import Docker from "dockerode";
import { deadline, startProcessEngine } from "./test_engine.ts";

const CLI = new URL("../process_engine.ts", import.meta.url).pathname;

async function runCli(...args: string[]) {
  const command = new Deno.Command(Deno.execPath(), { args: ["run", "-A", CLI, ...args] });
  const { code, stdout, stderr } = await command.output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

Deno.test("the process engine explains itself, and refuses to start half-told", async () => {
  const [help, without, unknown] = await Promise.all([
    runCli("--help"),
    runCli("--socket", "x"),
    runCli("--nonsense"),
  ]);
  assertEquals([help.code, without.code, unknown.code], [0, 2, 1]);
  assertStringIncludes(help.stdout, "usage: process_engine.ts --socket PATH --data DIR --image NAME");
  assertStringIncludes(without.stderr, "usage:");
  assertStringIncludes(unknown.stderr, "--nonsense");
});

Deno.test("the process engine says that it listens, and on SIGTERM takes its processes along", async () => {
  await using engine = await startProcessEngine("example/plugin:1");
  assertEquals([engine.firstLine.msg, engine.firstLine.images], ["listening", ["example/plugin:1"]]);
  const docker = new Docker({ socketPath: engine.socket });
  const pipe = `${engine.folder}/pipe`;
  const container = await docker.createContainer({
    Image: "example/plugin:1",
    Cmd: ["sh", "-c", `mkfifo ${pipe}; sleep 1000 > ${pipe} & echo ready; wait`],
  });
  await container.start();
  const log = await container.logs({ follow: true, stdout: true }) as unknown as AsyncIterable<Uint8Array>;
  for await (const _ of log) break;
  using reader = await Deno.open(pipe);
  const busy = await runCli("--socket", engine.socket, "--data", `${engine.folder}/other`, "--image", "x");
  assertStringIncludes(busy.stderr, "something answers there");
  const shared = await runCli(
    "--socket",
    `${engine.folder}/o.sock`,
    "--data",
    `${engine.folder}/data`,
    "--image",
    "x",
  );
  assertStringIncludes(shared.stderr, "another process engine does");
  assertEquals(await engine.stop(), 0);
  assertEquals(await deadline(reader.read(new Uint8Array(1)), 60_000), null);
  assert(await Deno.lstat(engine.socket).then(() => false, () => true));
});
