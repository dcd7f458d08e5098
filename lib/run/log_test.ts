import { assert, assertEquals } from "@std/assert";

/** Runs a line of code in a process of its own and reads what it logged. */
async function logged(statements: string): Promise<Record<string, unknown>[]> {
  const module = new URL("./log.ts", import.meta.url).href;
  const code = `import { createLogger } from ${JSON.stringify(module)}; ${statements}`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--ext=ts", code],
    env: { NO_COLOR: "1" },
  });
  const { success, stdout, stderr } = await child.output();
  assert(success, new TextDecoder().decode(stderr));
  const lines = new TextDecoder().decode(stdout).split("\n");
  assertEquals(lines.pop(), "");
  return lines.map((line) => JSON.parse(line));
}

Deno.test("createLogger() writes one JSON line a message, with worker, time and fields, and keeps to its level", async () => {
  const lines = await logged(`
    const log = createLogger("log_consumer", "info");
    log.debug("not wanted");
    log.info({ job_id: "job-1" }, "two\\nlines");
    log.error({ error: new Error("outer", { cause: new Error("inner") }) }, "failed");
  `);
  assertEquals(lines.map(({ msg }) => msg), ["two\nlines", "failed"]);
  const [info, error] = lines;
  assertEquals([info?.worker, info?.job_id, info?.level], ["log_consumer", "job-1", 30]);
  assert(/^\d{4}-\d\d-\d\dT.*Z$/.test(String(info?.time)), String(info?.time));
  assert(JSON.stringify(error?.error).includes("inner"), JSON.stringify(error));
});
