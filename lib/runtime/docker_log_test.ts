import { assertEquals, assertRejects } from "@std/assert";
import { OutageError } from "../run/outage_error.ts";
import { silentLogger } from "../run/log.ts";
import { DockerRuntime } from "./docker.ts";

const ID = "a".repeat(64);
const TIME = "2026-01-15T12:01:02.123456789Z";

/** An Engine with one container that has ended, its log "asked", and a folder where its log file would be. */
async function setup(driver = "json-file", config: Record<string, string> = {}) {
  const dir = await Deno.makeTempDir();
  await Deno.mkdir(`${dir}/${ID}`);
  const inspected = {
    Id: ID,
    Name: "/job-1",
    Created: TIME,
    State: { Status: "exited", Running: false, StartedAt: TIME, FinishedAt: TIME, ExitCode: 0 },
    Config: { Image: "i", Labels: null, Tty: true },
    HostConfig: { LogConfig: { Type: driver, Config: config } },
  };
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, ({ url }) => {
    return new URL(url).pathname.endsWith("/logs")
      ? new Response(`${TIME} asked\n`)
      : Response.json(inspected);
  });
  const runtime = new DockerRuntime({
    host: `tcp://127.0.0.1:${server.addr.port}`,
    label: "l",
    labelValue: "v",
    logDir: dir,
    log: silentLogger,
  });
  return {
    runtime,
    write: (text: string) => Deno.writeTextFile(`${dir}/${ID}/${ID}-json.log`, text),
    lines: async () => {
      const lines: string[] = [];
      for await (
        const fragments of runtime.lines(ID, { follow: false }, new AbortController().signal)
      ) lines.push(...fragments.map(({ bytes }) => new TextDecoder().decode(bytes)));
      return lines;
    },
    [Symbol.asyncDispose]: async () => {
      await server.shutdown();
      await Deno.remove(dir, { recursive: true });
    },
  };
}

const FILE = `{"log":"of the file\\n","stream":"stdout","time":"${TIME}"}\n`;

Deno.test("a log that json-file keeps without rotation is read from its file; all others from the Engine", async () => {
  for (
    const [driver, config, expected] of [
      ["json-file", {}, "of the file"],
      ["json-file", { "max-size": "10m", "max-file": "2" }, "asked"],
      ["local", {}, "asked"],
    ] as const
  ) {
    await using log = await setup(driver, config);
    await log.write(FILE);
    assertEquals(await log.lines(), [expected]);
  }
});

Deno.test("G1 a log file that is not there, or not what the Engine writes, leaves the log to the Engine", async () => {
  await using log = await setup();
  assertEquals(await log.lines(), ["asked"]);
  await log.write(`${FILE}somebody was here\n`);
  await assertRejects(() => log.lines(), OutageError, "read the log file");
  await log.runtime.inspect(ID); // as before each reading
  assertEquals(await log.lines(), ["asked"]);
});
