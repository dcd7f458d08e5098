import { assert, assertEquals, assertRejects } from "@std/assert";
import * as nodeModule from "node:module";
import { ChrisClient, ChrisError, ChrisOutageError, type JobEvent } from "lib/client/chris_client.ts";
import { cuttingProxy } from "./cutting_proxy.ts";
import { startSseBench, statusOf } from "./sse_bench.ts";

const JOB = "client-job";
const PARAMS = { image: "image", entrypoint: ["program"], args: ["ü"] };

Deno.test("ChrisClient runs a job, reads what the service knows of it, and cancels it", async () => {
  await using bench = await startSseBench();
  const chris = new ChrisClient({ baseUrl: bench.url });
  assertEquals(await chris.run(JOB, PARAMS), { job_id: JOB, status: "submitted" });
  assertEquals((await chris.run(JOB, PARAMS)).status, "already_submitted");
  const other = await assertRejects(() => chris.run(JOB, { ...PARAMS, image: "other" }), ChrisError);
  assertEquals([other.status, other.code], [409, "job_exists"]);
  const wrong = { image: "no image", entrypoint: [] };
  const faults = await assertRejects(() => chris.run("client-2", wrong), ChrisError);
  assertEquals([faults.status, faults.details.map(({ field }) => field)], [422, ["image", "entrypoint"]]);
  assertEquals((await chris.workflow(JOB)).current_step, "copy");
  assertEquals((await assertRejects(() => chris.workflow("client-3"), ChrisError)).status, 404);
  await bench.tellStatus(statusOf(JOB, "copy", "started", 1));
  assertEquals((await chris.statusHistory(JOB, { latest: true })).statuses.map(({ status }) => status), [
    "started",
  ]);
  assertEquals((await chris.jobs({ status: ["running"], q: "client" })).jobs.map(({ job_id }) => job_id), [
    JOB,
  ]);
  assertEquals((await chris.jobs({ status: ["failed"] })).jobs, []);
  const listed: string[] = [];
  for (const id of ["client-4", "client-5"]) await chris.run(id, PARAMS);
  for await (const { job_id } of chris.allJobs({ limit: 1 })) listed.push(job_id);
  assertEquals(listed, ["client-5", "client-4", JOB]);
  await assertRejects(() => chris.workflow(".."), RangeError);
  assertEquals((await assertRejects(() => chris.workflow("a/../b"), ChrisError)).status, 422);
  const { attempt } = await chris.cancel(JOB, { reason: "wrong input" });
  assertEquals((await chris.cancel(JOB)).attempt, attempt);
  const [first] = (await chris.attempts(JOB)).attempts;
  assertEquals(first?.asked.map(({ action, reason }) => [action, reason]), [["cancel", "wrong input"]]);
  assertEquals((await assertRejects(() => chris.retry("client-3"), ChrisError)).status, 404);
});

Deno.test("G10 ChrisClient hands on every line once and in order, wherever its connection is cut", async () => {
  await using bench = await startSseBench({ heartbeatMs: 200 });
  await using proxy = cuttingProxy(bench.url, [100_000, 270_001]);
  await bench.writeLines(JOB, 1_500);
  const stop = new AbortController();
  const lines: string[] = [];
  let cuts = 0;
  const events = new ChrisClient({ baseUrl: proxy.url }).events(JOB, {
    kind: "logs",
    signal: stop.signal,
    random: () => 0,
    onReconnecting: () => cuts++,
  });
  for await (const event of events) {
    if (event.kind === "caught-up") await bench.writeLines(JOB, 500);
    if (event.kind === "logs") lines.push(event.data.line);
    if (lines.length === 2_000) stop.abort();
  }
  assertEquals(lines, Array.from({ length: 2_000 }, (_, index) => String(index + 1)));
  assertEquals([cuts, proxy.cuts()], [2, 2]);
});

Deno.test("ChrisClient tells a service that is away from one that refuses", async () => {
  const chris = new ChrisClient({ baseUrl: "http://127.0.0.1:9" });
  const outage = await assertRejects(() => chris.workflow(JOB), ChrisOutageError);
  assertEquals([outage.status, outage.message], [
    null,
    `Cannot read the workflow of job "${JOB}": no answer from http://127.0.0.1:9`,
  ]);
  const stop = new AbortController();
  const events: JobEvent[] = [];
  const following = chris.events(JOB, {
    signal: stop.signal,
    onReconnecting: ({ failures }) => {
      if (failures === 1) stop.abort();
    },
  });
  for await (const event of following) events.push(event);
  assertEquals(events, []);
});

/** Known to Deno, but not yet to the types of Node that it has. */
const { stripTypeScriptTypes } = nodeModule as unknown as { stripTypeScriptTypes(code: string): string };

/** The library as Node 20 and browsers load it: types taken off, nothing else. */
async function plainScripts(folder: string): Promise<void> {
  const source = new URL("../../lib/client/", import.meta.url);
  await Deno.writeTextFile(`${folder}/package.json`, `{"type":"module"}`);
  for await (const { name } of Deno.readDir(source)) {
    if (!name.endsWith(".ts") || name.endsWith("_test.ts")) continue;
    const text = stripTypeScriptTypes(await Deno.readTextFile(new URL(name, source)));
    await Deno.writeTextFile(`${folder}/${name.replace(/ts$/, "js")}`, text.replaceAll(/\.ts";$/gm, '.js";'));
  }
}

const NODE_PROGRAM = `
import { ChrisClient, ChrisError } from "./chris_client.js";
const chris = new ChrisClient({ baseUrl: process.argv[2] });
const told = [];
for await (const event of chris.events("${JOB}", { kind: "logs" })) {
  told.push(event.kind === "logs" ? event.data.line : event.kind);
  if (told.length === 101) break;
}
const status = await chris.workflow("unknown-job").catch((error) => error instanceof ChrisError && error.status);
console.log(JSON.stringify([told.length, told[0], told.at(-1), told.includes("caught-up"), status]));
`;

Deno.test("the client library runs in Node without anything else", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await plainScripts(folder);
    await Deno.writeTextFile(`${folder}/program.js`, NODE_PROGRAM);
    await using bench = await startSseBench();
    await bench.writeLines(JOB, 100);
    const command = new Deno.Command("node", { args: [`${folder}/program.js`, bench.url] });
    const { code, stdout, stderr } = await command.output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    const [count, first, last, caughtUp, status] = JSON.parse(new TextDecoder().decode(stdout));
    assertEquals([count, first, status], [101, "1", 404]);
    assert(caughtUp && (last === "100" || last === "caught-up"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
