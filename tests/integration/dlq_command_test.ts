import { assert, assertEquals, assertMatch } from "@std/assert";
import { silentLogger as log } from "lib/run/log.ts";
import { openRedis } from "lib/stream/open_redis.ts";
import { tempRedis } from "lib/testing/servers.ts";
import { until } from "lib/testing/until.ts";
import { DLQ, streamOf } from "./consumer_bench.ts";
import { entriesOf, numbersIn, writeLetters } from "./dead_letters_bench.ts";
import { startProcess } from "./worker_process.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

async function setup() {
  const stack = new AsyncDisposableStack();
  const server = stack.use(await tempRedis());
  const redis = stack.use(openRedis(server.url, { name: "test", log }));
  return {
    redis,
    url: server.url,
    dlq: (...args: string[]) => dlq(args, { REDIS_URL: server.url, USER: "ada" }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** The command as its task starts it, with the same permissions; `shell` may redirect what it writes. */
async function dlq(args: string[], env: Record<string, string>, shell = 'exec "$@"') {
  const flags = ["--allow-env", "--allow-read=.", "--allow-run=deno"];
  const command = new Deno.Command("/bin/sh", {
    args: ["-c", shell, "sh", Deno.execPath(), "run", ...flags, "deploy/dlq/start.ts", ...args],
    cwd: ROOT,
    env: { HOME: Deno.env.get("HOME") ?? "/", PATH: Deno.env.get("PATH") ?? "", ...env },
    clearEnv: true,
    stdin: "null",
  });
  const { code, stdout, stderr } = await command.output();
  return {
    code,
    bytes: stdout,
    out: new TextDecoder().decode(stdout),
    err: new TextDecoder().decode(stderr),
  };
}

const jsonLines = (text: string) => text.split("\n").filter(Boolean).map((line) => JSON.parse(line));

Deno.test("G9 deno task dlq lists, shows, tries, puts back once and keeps a record of who did it", async () => {
  await using bench = await setup();
  const [first = "", second = "", third = ""] = await writeLetters(
    bench.redis,
    { job: "job-a", n: 1 },
    { job: "job-a", n: 2 },
    { job: "job-b", n: 3, data: "no event" },
  );
  const list = await bench.dlq("list", "--json");
  assertEquals([list.code, list.err], [0, ""]);
  assertEquals(jsonLines(list.out).map(({ id, job_id, stream }) => [id, job_id, stream]), [
    [first, "job-a", "status"],
    [second, "job-a", "status"],
    [third, null, "status"],
  ]);
  assertEquals(jsonLines(list.out)[2].data, "no event");
  const show = await bench.dlq("show", first);
  assertEquals(show.code, 0);
  for (const text of ["job-a", "out of paper", `${streamOf("job-a")} 1-0`]) {
    assert(show.out.includes(text), show.out);
  }
  const dry = await bench.dlq("requeue", "--all", "--dry-run");
  assertEquals(dry.code, 1, dry.err);
  assertMatch(dry.err, /^dry run: 2 requeued, 1 refused$/m);
  assertEquals([await bench.redis.xlen(DLQ), await bench.redis.exists(streamOf("job-a"))], [3, 0]);
  const real = await bench.dlq("requeue", "--job", "job-a", "--json");
  assertEquals([real.code, jsonLines(real.out).map(({ outcome }) => outcome)], [0, ["requeued", "requeued"]]);
  const entries = await entriesOf(bench.redis, streamOf("job-a"));
  const record = JSON.parse(real.err.split("\n")[0] ?? "");
  assertEquals([record.who, record.action, record.stream], ["ada", "requeued", "status"]);
  assertEquals(
    record.letters.map(({ id, entry_id, job_id }: Record<string, string>) => [id, entry_id, job_id]),
    [[first, entries[0]?.id, "job-a"], [second, entries[1]?.id, "job-a"]],
  );
  const again = await bench.dlq("requeue", first, second);
  assertEquals([again.code, again.out], [0, ""]);
  assertEquals((await entriesOf(bench.redis, streamOf("job-a"))).length, 2);
});

Deno.test("G9 deno task dlq throws nothing away unless told so, and tells what it threw away", async () => {
  await using bench = await setup();
  const bytes = Uint8Array.from([0, 255, 27, 93, 10]);
  const [first = "", second = ""] = await writeLetters(
    bench.redis,
    { job: "job-a", n: 1, data: bytes },
    { job: "job-a", n: 2 },
  );
  const refused = await bench.dlq("discard", first);
  assertEquals([refused.code, refused.out], [1, ""]);
  assertMatch(refused.err, /no terminal to ask on, so say --yes/);
  for (
    const args of [["discard"], ["requeue", "--yes"], ["discard", "--all", first], ["list", "--sinc", "2h"]]
  ) {
    const { code, err } = await bench.dlq(...args);
    assertEquals([code, /Try --help/.test(err)], [2, true], `${args}: ${err}`);
  }
  assertEquals(await bench.redis.xlen(DLQ), 2);
  const raw = await bench.dlq("show", first, "--raw");
  assertEquals(raw.bytes, bytes);
  const dropped = await bench.dlq("discard", first, "--yes", "--json");
  assertEquals(dropped.code, 0, dropped.err);
  const [line] = jsonLines(dropped.out);
  assertEquals([line.outcome, line.id, line.data_base64], ["discarded", first, "AP8bXQo="]);
  assertEquals(JSON.parse(dropped.err.split("\n")[0] ?? "").action, "discarded");
  assertEquals((await bench.redis.xrange(DLQ, "-", "+")).map(([id]) => id), [second]);
  const missing = await bench.dlq("show", first);
  assertEquals([missing.code, missing.out], [1, ""]);
  const full = await dlq(["list"], { REDIS_URL: bench.url }, 'exec "$@" >/dev/full');
  assertEquals([full.code, full.err], [1, "Cannot write: No space left on device (os error 28)\n"]);
});

Deno.test("G9 an operator's command that is killed on the way and given again puts each letter back once, in order", async () => {
  await using bench = await setup();
  const jobs = ["job-0", "job-1"];
  const numbers = Array.from({ length: 1_200 }, (_, index) => index + 1);
  await writeLetters(bench.redis, ...numbers.flatMap((n) => jobs.map((job) => ({ job, n }))));
  for (let kills = 0; kills < 2; kills++) {
    const left = await bench.redis.xlen(DLQ);
    await using command = startProcess("deploy/dlq/main.ts", { REDIS_URL: bench.url }, ["requeue", "--all"]);
    await until("making progress, or done", async () => await bench.redis.xlen(DLQ) < left || left === 0);
    command.kill("SIGKILL");
    await command.ended;
  }
  await using command = startProcess("deploy/dlq/main.ts", { REDIS_URL: bench.url }, ["requeue", "--all"]);
  assertEquals(await command.ended, 0, command.output());
  assertEquals(await bench.redis.xlen(DLQ), 0);
  for (const job of jobs) assertEquals(await numbersIn(bench.redis, job), numbers);
});

Deno.test("G13 nothing that a dead letter says does anything to the operator's terminal", async () => {
  await using bench = await setup();
  const evil = "\x1b]0;owned\x07\x1b[2J\u202egnp.exe\u2066\u009b31m\r\n\x7f\u2028";
  const data = JSON.stringify({ job_id: evil, line: evil });
  const [id = ""] = await writeLetters(
    bench.redis,
    { job: "a", n: 1, data, reason: evil, error: evil, stream: evil, originId: evil },
    { job: "a", n: 2, data: Uint8Array.from([0x1b, 0x5b, 0x9b, 0xff]) },
  );
  const commands = [
    ["list"],
    ["list", "--json"],
    ["show", id],
    ["show", id, "--json"],
    ["requeue", "--all"],
    ["discard", "--all", "--yes", "--dry-run", "--json"],
    ["discard", "--all", "--yes"],
  ];
  for (const args of commands) {
    const { out, err } = await bench.dlq(...args);
    assert(out.includes("owned"), `${args}: ${out}`);
    // deno-lint-ignore no-control-regex
    const found = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/.exec(out + err);
    assertEquals(found, null, `${args} wrote ${JSON.stringify(found?.[0])}`);
  }
});

Deno.test("deno task dlq refuses settings that cannot work, and a Redis that does not answer, in words", async () => {
  const settings = await dlq(["list"], { REDIS_URL: "redis:/nowhere", STREAM_NUM_SHARDS: "none" });
  assertEquals(settings.code, 2);
  assertMatch(settings.err, /REDIS_URL[\s\S]*STREAM_NUM_SHARDS/);
  const away = await dlq(["list", "--wait", "1"], { REDIS_URL: "redis://:secret@127.0.0.1:1/0" });
  assertEquals([away.code, away.out, away.err.includes("secret")], [1, "", false]);
  assertMatch(away.err, /^Cannot list: redis is unavailable \(no answer within 1 s\)$/m);
  const help = await dlq(["--help"], {});
  assertEquals([help.code, help.out.startsWith("Usage: deno task dlq")], [0, true]);
});
