import { assert, assertEquals, assertMatch } from "@std/assert";
import { encodeLogEvent } from "lib/event/codec.ts";
import { shardKey, shardOf } from "lib/stream/keys.ts";
import { until } from "lib/testing/until.ts";
import { applyFact } from "../../workers/task_worker/apply_fact.ts";
import { cuttingProxy } from "./cutting_proxy.ts";
import { logLine, type SseBench, startSseBench, statusOf } from "./sse_bench.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const RUN = ["--image", "image", "--entrypoint", "program"];
const HOSTILE = "\x1b]0;owned\x07 \u202e\x1b[31mred\x1b[0m a\\b\tc \x9b5n";
const VISIBLE = "^[]0;owned^G U+202E^[[31mred^[[0m a\\b\tc U+009B5n";

/** The command as its task starts it, with the same permissions, working. */
function start(args: string[], env: Record<string, string>) {
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-env",
      "--allow-read=.",
      "--allow-run=deno",
      "deploy/chris/start.ts",
      "--",
      ...args,
    ],
    cwd: ROOT,
    env: { HOME: Deno.env.get("HOME") ?? "/", PATH: Deno.env.get("PATH") ?? "", ...env },
    clearEnv: true,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function chris(url: string, ...args: string[]) {
  return read(await start(args, { CHRIS_URL: url }).output());
}

function read({ code, stdout, stderr }: Deno.CommandOutput) {
  return {
    code,
    bytes: stdout,
    out: new TextDecoder().decode(stdout),
    err: new TextDecoder().decode(stderr),
  };
}

const jsonLines = (text: string) => text.split("\n").filter(Boolean).map((line) => JSON.parse(line));

/** Takes a job that was accepted to its end, as workers do; `failed`: the plugin fails. */
async function goThrough(bench: SseBench, jobId: string, { failed = false } = {}): Promise<void> {
  const steps = failed
    ? ["copy", "plugin", "delete"] as const
    : ["copy", "plugin", "upload", "delete"] as const;
  for (const [index, step] of steps.entries()) {
    await bench.tellStatus(statusOf(jobId, step, "started", index * 10));
    const status = failed && step === "plugin" ? "finishedWithError" : "finishedSuccessfully";
    await bench.tellStatus(statusOf(jobId, step, status, index * 10 + 5));
  }
  await applyFact(bench.sql, jobId, { kind: "cleanedUp" }, { at: Date.now() });
}

/** Writes a line of its own making. */
async function writeLine(bench: SseBench, jobId: string, seq: number, fields: object): Promise<void> {
  const event = { ...logLine(jobId, seq), ...fields };
  await bench.redis.xadd(shardKey("stream:job-logs", shardOf(jobId, 2)), "*", "data", encodeLogEvent(event));
}

async function known(bench: SseBench, jobId: string): Promise<void> {
  await until(
    "the job is accepted",
    async () => (await fetch(`${bench.url}/api/jobs/${jobId}/workflow`)).status === 200,
  );
}

Deno.test("G13 deno task chris runs jobs, shows their steps and lines harmlessly, and ends as they do", async () => {
  await using bench = await startSseBench();
  const [good, bad] = [
    start(["run", "job-good", ...RUN, "--follow", "--", "--flag", "a b"], { CHRIS_URL: bench.url }).output(),
    start(["run", "job-bad", ...RUN, "--wait", "--json"], { CHRIS_URL: bench.url }).output(),
  ];
  await Promise.all([known(bench, "job-good"), known(bench, "job-bad")]);
  await writeLine(bench, "job-good", 1, { line: HOSTILE });
  await writeLine(bench, "job-good", 2, { line: "to err", stream: "stderr" });
  await Promise.all([goThrough(bench, "job-good"), goThrough(bench, "job-bad", { failed: true })]);

  const done = read(await good);
  assertEquals([done.code, done.out], [0, `job-good\n${VISIBLE}\n`], done.err);
  assert(done.err.includes("\nto err\n") && /^plugin +finishedSuccessfully/m.test(done.err), done.err);
  assertEquals((await bench.sql`SELECT params FROM job_workflow WHERE job_id = 'job-good'`)[0]?.params.args, [
    "--flag",
    "a b",
  ]);
  const failed = read(await bad);
  assertEquals(failed.code, 1, failed.err);
  const told = jsonLines(failed.out);
  assertEquals([told[0], told.at(-1).status], [
    { job_id: "job-bad", status: "submitted" },
    "finishedWithError",
  ]);

  const [plain, raw, last, none, nothing, status, list] = await Promise.all([
    chris(bench.url, "logs", "job-good", "-t"),
    chris(bench.url, "logs", "job-good", "--raw", "--stream", "stdout"),
    chris(bench.url, "logs", "job-good", "--tail", "1", "--stream", "stdout", "--json"),
    chris(bench.url, "logs", "job-good", "--since", "2100-01-01T00:00:00Z"),
    chris(bench.url, "logs", "job-nothing", "-f"),
    chris(bench.url, "status", "job-bad"),
    chris(bench.url, "list", "--status", "finishedWithError,failed", "--json"),
  ]);
  assertEquals([plain.code, plain.out], [0, `${logLine("job-good", 1).timestamp} ${VISIBLE}\n`]);
  assertEquals(plain.err, `${logLine("job-good", 2).timestamp} to err\n`);
  assertEquals(raw.bytes, new TextEncoder().encode(`${HOSTILE}\n`));
  assertEquals(jsonLines(last.out).map(({ line }) => line), [HOSTILE]);
  assertEquals([none.code, none.out, none.err], [0, "", ""]);
  assertEquals([nothing.code, nothing.out], [1, ""]);
  assertMatch(nothing.err, /job "job-nothing"/);
  assertMatch(
    status.out,
    /job-bad +finishedWithError[\s\S]*plugin +finishedWithError[\s\S]*logs job-bad --type plugin/,
  );
  assertEquals(jsonLines(list.out).map(({ job_id }) => job_id), ["job-bad"]);
});

Deno.test("G10 deno task chris logs -f goes on through a cut, ends with the job, and quietly where nobody reads", async () => {
  await using bench = await startSseBench();
  // The command asks for the job first, and may follow it on a second connection.
  await using proxy = cuttingProxy(bench.url, [400_000, 400_000]);
  const accepted = await chris(bench.url, "run", "job-long", ...RUN);
  assertEquals([accepted.code, accepted.out], [0, "job-long\n"]);
  await bench.writeLines("job-long", 4_000);
  const following = start(["logs", "-f", "job-long"], { CHRIS_URL: proxy.url }).output();
  const head = start(["logs", "-f", "--raw", "job-long"], { CHRIS_URL: bench.url });
  const reader = head.stdout.getReader();
  assert((await reader.read()).value);
  await reader.cancel();
  await bench.writeLines("job-long", 1_000); // it may have written all that there was
  const ended = await head.status;
  assertEquals([ended.code, await new Response(head.stderr).text()], [0, ""]);
  await goThrough(bench, "job-long");
  const { code, out, err } = read(await following);
  assertEquals([code, err], [0, ""]);
  assert(proxy.cuts() > 0, "it was cut");
  assertEquals(out, Array.from({ length: 5_000 }, (_, index) => `${index + 1}\n`).join(""));
});

Deno.test("deno task chris detaches at Ctrl-C, and cancels, retries and puts dead letters back when told to", async () => {
  await using bench = await startSseBench();
  const waiting = start(["run", "job-c", ...RUN, "--wait"], { CHRIS_URL: bench.url });
  await known(bench, "job-c");
  const progress = waiting.stderr.getReader();
  assert((await progress.read()).value);
  waiting.kill("SIGINT");
  let hint = "";
  for (let part = await progress.read(); part.value; part = await progress.read()) {
    hint += new TextDecoder().decode(part.value);
  }
  assertEquals((await waiting.status).code, 130);
  assertMatch(hint, /the job goes on.*chris watch job-c/);
  await waiting.stdout.cancel();

  const early = await chris(bench.url, "retry", "job-c");
  assertEquals([early.code, early.out], [1, ""]);
  const cancelled = await chris(
    bench.url,
    "cancel",
    "job-c",
    "job-unknown",
    "--reason",
    "wrong input",
    "--json",
  );
  assertEquals([cancelled.code, jsonLines(cancelled.out).map(({ job_id }) => job_id)], [1, ["job-c"]]);
  assertMatch(cancelled.err, /job-unknown/);
  assertMatch((await chris(bench.url, "status", "job-c")).out, /cancel +asked of attempt 1.*wrong input/);

  const letter = ["data", "no event", "reason", "not JSON\x1b[2J", "origin_stream", "stream:job-logs:0"];
  const id = await bench.redis.xadd("stream:job-logs-dlq", "*", ...letter, "origin_id", "5-1", "ts", "1");
  const [listed, shown, dry, refused] = await Promise.all([
    chris(bench.url, "dlq", "list"),
    chris(bench.url, "dlq", "show", `${id}`, "--raw"),
    chris(bench.url, "dlq", "requeue", "--all", "--dry-run", "--json"),
    chris(bench.url, "dlq", "discard", `${id}`),
  ]);
  assertEquals([listed.code, listed.out.includes("\x1b"), listed.out.includes(`${id}`)], [0, false, true]);
  assertEquals(shown.out, "no event");
  assertEquals([dry.code, jsonLines(dry.out).map(({ outcome }) => outcome)], [1, ["refused"]]);
  assertEquals([refused.code, await bench.redis.xlen("stream:job-logs-dlq")], [1, 1]);
  const discarded = await chris(bench.url, "dlq", "discard", `${id}`, "--yes", "--json");
  assertEquals([discarded.code, jsonLines(discarded.out)[0]?.letter.data], [0, "no event"], discarded.err);
  assertEquals(await bench.redis.xlen("stream:job-logs-dlq"), 0);
});

Deno.test("deno task chris tells by its exit code who is at fault, and reaches nothing but its service", async () => {
  const tokens: (string | null)[] = [];
  const file = await Deno.makeTempFile();
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    ({ headers, url }) => {
      const token = headers.get("authorization");
      tokens.push(token);
      // Where tokens expire, somebody puts new ones into the file.
      if (token === "Bearer expired") Deno.writeTextFileSync(`${file}.renewed`, "fresh");
      if (token === "Bearer fresh") return Response.json({ jobs: [], next: null });
      if (url.includes("away")) return Response.redirect("http://localhost:9/elsewhere", 307);
      return Response.json({ error: { code: "unauthorized", message: "who are you?\x1b[2J" } }, {
        status: 401,
      });
    },
  );
  const url = `http://127.0.0.1:${server.addr.port}`;
  await Deno.writeTextFile(file, "secret\n");
  await Deno.writeTextFile(`${file}.renewed`, "expired\n");
  await Deno.writeTextFile(`${file}.garbled`, "se\u00a0cr\u00e9t\u2026\n");
  try {
    const [away, elsewhere, unknown, wrong, folder, garbled, stranger, renewed] = await Promise.all([
      chris("http://127.0.0.1:9", "list"),
      chris(url, "logs", "away"),
      chris(url, "lgos", "job"),
      chris(url, "list", "--token-file", `${file}.none`),
      chris(url, "run", "--file", ROOT),
      chris(url, "list", "--token-file", `${file}.garbled`),
      chris(url, "list", "--token-file", file),
      chris(url, "list", "--token-file", `${file}.renewed`),
    ]);
    const all = [away, elsewhere, unknown, wrong, folder, garbled, stranger, renewed];
    assertEquals(all.map(({ code }) => code), [4, 4, 2, 2, 2, 2, 1, 0]);
    assertMatch(folder.err, /^Cannot read /);
    assertMatch(garbled.err, /^Cannot use the token in .*garbled: expected/);
    assertMatch(away.err, /no answer from http:\/\/127\.0\.0\.1:9/);
    assertMatch(unknown.err, /did you mean logs\?/);
    assertMatch(stranger.err, /who are you\?\\u\{1b\}\[2J.*CHRIS_TOKEN/);
    assertEquals(tokens.includes("Bearer secret"), true);
  } finally {
    await Promise.all(["", ".garbled", ".renewed"].map((end) => Deno.remove(`${file}${end}`)));
  }
});
