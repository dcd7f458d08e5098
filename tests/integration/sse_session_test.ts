import { assert, assertEquals } from "@std/assert";
import { EventSource } from "eventsource";
import type { EventSourceMessage } from "eventsource-parser";
import { sleep } from "lib/run/sleep.ts";
import { logLine, readEvents, type SseBench, startSseBench, statusOf } from "./sse_bench.ts";

const linesOf = (events: readonly EventSourceMessage[]) =>
  events.filter(({ event }) => event === "logs").map(({ data }) => JSON.parse(data).line as string);
const numbers = (count: number) => Array.from({ length: count }, (_, index) => String(index + 1));

/** Chance that can be repeated: a linear congruential generator small enough for exact arithmetic. */
function seededRandom(seed: number): () => number {
  let state = seed % 233_280;
  return () => (state = (state * 9_301 + 49_297) % 233_280) / 233_280;
}

/** The job's life as status events tell it, all steps succeeding. */
async function runWorkflow(bench: SseBench, jobId: string, { before = async () => {} } = {}): Promise<void> {
  const response = await fetch(`${bench.url}/api/jobs/${jobId}/run`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ image: "image", entrypoint: ["run"] }),
  });
  assertEquals([response.status, await response.json()], [202, { job_id: jobId, status: "submitted" }]);
  for (const [index, step] of (["copy", "plugin", "upload", "delete"] as const).entries()) {
    await bench.tellStatus(statusOf(jobId, step, "started", index * 10));
    if (step === "plugin") await before();
    await bench.tellStatus(statusOf(jobId, step, "finishedSuccessfully", index * 10 + 5));
  }
  const { applyFact } = await import("../../workers/task_worker/apply_fact.ts");
  await applyFact(bench.sql, jobId, { kind: "cleanedUp" }, { at: Date.now() });
}

Deno.test("G10 a client sees every line once and in order, whenever it connects and however often it is cut", async () => {
  const seed = Number(Deno.env.get("TEST_SEED") ?? Date.now() % 1_000_000);
  console.log(`    seed ${seed}`);
  const random = seededRandom(seed);
  await using bench = await startSseBench({ beforeStore: () => sleep(random() * 60) });
  const total = 6_000;
  const client = async (): Promise<string[]> => {
    const seen: string[] = [];
    let lastEventId: string | undefined;
    await sleep(random() * 1_000);
    while (seen.length < total) {
      // Cut some time after the first line, so that every connection gets somewhere on a slow machine too.
      const cut = new AbortController();
      let timer: ReturnType<typeof setTimeout> | undefined;
      const events = await readEvents(`${bench.url}/events/job-a/all`, {
        signal: cut.signal,
        ...(lastEventId ? { lastEventId } : {}),
        enough: ({ event, data }) => {
          if (event !== "logs") return false;
          timer ??= setTimeout(() => cut.abort(), random() * 250);
          return JSON.parse(data).line === String(total);
        },
      });
      clearTimeout(timer);
      seen.push(...linesOf(events));
      lastEventId = events.at(-1)?.id ?? lastEventId;
    }
    return seen;
  };
  const clients = Array.from({ length: 6 }, client);
  for (let written = 0; written < total; written += 100) {
    await bench.writeLines("job-a", 100);
    await bench.writeLines("job-b", 50);
    await sleep(random() * 30);
  }
  for (const seen of await Promise.all(clients)) assertEquals(seen, numbers(total));
});

Deno.test("G10 a client that connects after the end gets the whole history, then the end, and 204 when it comes back", async () => {
  await using bench = await startSseBench();
  await runWorkflow(bench, "job-late", { before: () => bench.writeLines("job-late", 1_500) });
  const events = await readEvents(`${bench.url}/events/job-late/all`);
  assertEquals(linesOf(events), numbers(1_500));
  assertEquals(events.at(-1)?.event, "end");
  assertEquals(events.filter(({ event }) => event === "caught-up").length, 1);
  const statuses = events.filter(({ event }) => event === "status").map(({ data }) => JSON.parse(data));
  assertEquals(
    statuses.map(({ job_type, status }) => `${job_type} ${status}`).filter((text) => text.startsWith("copy")),
    [
      "copy started",
      "copy finishedSuccessfully",
      "copy confirmed_finishedSuccessfully",
    ],
  );
  assertEquals(
    new Set(events.map(({ id }) => id)).size,
    events.length - 1,
    "only caught-up repeats a position",
  );
  const workflow = events.filter(({ event }) => event === "workflow").map(({ data }) => JSON.parse(data));
  assertEquals(workflow.at(-1)?.current_step, "completed");
  assertEquals(workflow.at(-1)?.workflow_status, "finishedSuccessfully");

  const lastEventId = events.at(-1)?.id ?? "";
  const again = await fetch(`${bench.url}/events/job-late/all`, {
    headers: { "last-event-id": lastEventId },
  });
  assertEquals(again.status, 204);
  const byQuery = await fetch(
    `${bench.url}/events/job-late/all?last_event_id=${encodeURIComponent(lastEventId)}`,
  );
  assertEquals(byQuery.status, 204);
});

Deno.test("G10 a status that is not recorded yet is told too, once, and in its place", async () => {
  await using bench = await startSseBench();
  await bench.tellStatus(statusOf("job-s", "copy", "started", 1));
  await bench.tellStatus(statusOf("job-s", "copy", "finishedSuccessfully", 2), { recorded: false });
  await bench.tellStatus(statusOf("job-other", "copy", "started", 1));
  const events = await readEvents(`${bench.url}/events/job-s/status`, {
    enough: ({ event }) => event === "caught-up",
  });
  assertEquals(events.slice(0, -1).map(({ data }) => JSON.parse(data).status), [
    "started",
    "finishedSuccessfully",
  ]);
  assertEquals(JSON.parse(events[0]?.data ?? "{}").updated_at, JSON.parse(events[0]?.data ?? "{}").timestamp);
});

Deno.test("A stream of one kind carries that kind only, and ends with the workflow all the same", async () => {
  await using bench = await startSseBench();
  const status = readEvents(`${bench.url}/events/job-k/status`);
  const logs = readEvents(`${bench.url}/events/job-k/logs`);
  await runWorkflow(bench, "job-k", { before: () => bench.writeLines("job-k", 10) });
  assertEquals(new Set((await status).map(({ event }) => event)), new Set(["caught-up", "status", "end"]));
  assertEquals(linesOf(await logs), numbers(10));
});

Deno.test("G11 a reader that stalls is caught up from history and still gets every line", async () => {
  await using bench = await startSseBench();
  const total = 30_000;
  const response = await fetch(`${bench.url}/events/job-slow/logs`);
  for (let written = 0; written < total; written += 2_000) await bench.writeLines("job-slow", 2_000);
  const seen: string[] = [];
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  assert(reader);
  for (let rest = ""; seen.length < total;) {
    const { value, done } = await reader.read();
    assert(!done, `ended after ${seen.length} lines`);
    const parts = (rest + value).split("\n\n");
    rest = parts.pop() ?? "";
    for (const part of parts) {
      const data = /^event: logs\n[\s\S]*^data: (.*)$/m.exec(part)?.[1];
      if (data) seen.push(JSON.parse(data).line);
    }
  }
  assertEquals(seen, numbers(total));
  await reader.cancel();
});

Deno.test("G11 a client whose mailbox overflows at every burst still gets every line once", async () => {
  // Two lines fill it, so that each burst of a hundred overflows it.
  await using bench = await startSseBench({ mailboxCapacity: 600 });
  const reading = readEvents(`${bench.url}/events/job-burst/logs`, {
    enough: ({ event, data }) => event === "logs" && JSON.parse(data).line === "2000",
  });
  while (bench.hub.clients < 1) await sleep(5);
  for (let burst = 0; burst < 20; burst++) {
    await bench.writeLines("job-burst", 100);
    await sleep(20);
  }
  assertEquals(linesOf(await reading), numbers(2_000));
});

Deno.test("A stock EventSource sees everything and stops by itself after the end", async () => {
  await using bench = await startSseBench();
  const source = new EventSource(`${bench.url}/events/job-es/all`);
  const seen: string[] = [];
  const closed = Promise.withResolvers<void>();
  source.addEventListener("logs", ({ data }) => seen.push(JSON.parse(data).line));
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) closed.resolve();
  });
  await runWorkflow(bench, "job-es", { before: () => bench.writeLines("job-es", 200) });
  await closed.promise; // it reconnects after the end, is answered 204, and gives up
  assertEquals(seen, numbers(200));
});

Deno.test("A stream on which nothing happens shows signs of life", async () => {
  await using bench = await startSseBench({ heartbeatMs: 50 });
  const response = await fetch(`${bench.url}/events/job-quiet/all`);
  assertEquals(response.headers.get("cache-control"), "no-store");
  assertEquals(response.headers.get("x-accel-buffering"), "no");
  let text = "";
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    if (text.split(": keep-alive").length > 3) break;
  }
  assert(text.startsWith("retry: 2000\n\n"), text);
});

Deno.test("G15 stopping ends every stream at once, and no client is left counted", async () => {
  await using bench = await startSseBench();
  const streams = Array.from({ length: 5 }, () => readEvents(`${bench.url}/events/job-x/all`));
  while (bench.hub.clients < 5) await sleep(5);
  bench.stopStreams();
  await Promise.all(streams);
  while (bench.hub.clients > 0) await sleep(5);
});

Deno.test("A client that goes away is forgotten", async () => {
  await using bench = await startSseBench();
  const cut = new AbortController();
  const stream = readEvents(`${bench.url}/events/job-x/all`, { signal: cut.signal });
  while (bench.hub.clients < 1) await sleep(5);
  cut.abort();
  await stream;
  while (bench.hub.clients > 0) await sleep(5);
});

Deno.test("Bad requests are told apart, each fault by its field, and start nothing", async () => {
  await using bench = await startSseBench();
  const run = async (jobId: string, body: string, type = "application/json") => {
    const response = await fetch(`${bench.url}/api/jobs/${encodeURIComponent(jobId)}/run`, {
      method: "POST",
      headers: { "content-type": type },
      body,
    });
    const { error } = await response.json();
    return {
      status: response.status,
      code: error.code,
      fields: (error.details ?? []).map(({ field }: { field: string }) => field),
    };
  };
  const good = JSON.stringify({ image: "image", entrypoint: ["run"] });
  for (const jobId of ["abc123", "a b", "x-copy", "-x", "a".repeat(64), "x\u0000y", "../etc"]) {
    assertEquals(await run(jobId, good), { status: 422, code: "invalid_request", fields: ["job_id"] }, jobId);
  }
  assertEquals(await run("job-1", "{"), { status: 400, code: "malformed_request", fields: [] });
  assertEquals(await run("job-1", good, "text/plain"), {
    status: 415,
    code: "unsupported_media_type",
    fields: [],
  });
  assertEquals(await run("job-1", "{}"), {
    status: 422,
    code: "invalid_request",
    fields: ["image", "entrypoint"],
  });
  assertEquals(
    await run(
      "job-1",
      JSON.stringify({
        image: 7,
        entrypoint: [],
        args: ["ok", 3],
        cpu_limit: -1,
        type: "x",
        output_dir: "../x",
        extra: 1,
      }),
    ),
    {
      status: 422,
      code: "invalid_request",
      fields: ["image", "entrypoint", "type", "args.1", "output_dir", "cpu_limit", "extra"],
    },
  );
  const large = JSON.stringify({ image: "image", entrypoint: ["x".repeat(200_000)] });
  assertEquals(await run("job-1", large), { status: 413, code: "body_too_large", fields: [] });
  assertEquals(bench.submitted, []);
  const page = await fetch(`${bench.url}/logs/job-1/history?limit=0&offset=x`);
  assertEquals((await page.json()).error.details.map(({ field }: { field: string }) => field), [
    "limit",
    "offset",
  ]);
  const unknown = await fetch(`${bench.url}/api/jobs/job-1/workflow`);
  const { job_id, status, error } = await unknown.json();
  assertEquals([unknown.status, job_id, status, error.code], [404, "job-1", "not_found", "not_found"]);
});

Deno.test("G12 a request that names another host is refused: a foreign page may have pointed its name here", async () => {
  await using bench = await startSseBench();
  const headers = { host: "evil.example" };
  const foreign = await bench.app.request("http://evil.example/health", { headers });
  assertEquals([foreign.status, (await foreign.json()).error.code], [403, "forbidden_host"]);
});

Deno.test("The same job submitted again is accepted once; another job of the same id is refused", async () => {
  await using bench = await startSseBench();
  const submit = async (body: Record<string, unknown>) => {
    const response = await fetch(`${bench.url}/api/jobs/job-twice/run`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const { status, error } = await response.json();
    return [response.status, status ?? error.code];
  };
  const job = { image: "image", entrypoint: ["run"], args: ["a"] };
  const first = await Promise.all(Array.from({ length: 5 }, () => submit(job)));
  assertEquals(first.filter(([, status]) => status === "submitted").length, 1);
  assertEquals(first.filter(([, status]) => status === "already_submitted").length, 4);
  assertEquals(await submit({ ...job, type: "ds" }), [202, "already_submitted"]);
  assertEquals(await submit({ ...job, args: ["b"] }), [409, "job_exists"]);
});

Deno.test("The log's pages are what was written, oldest first", async () => {
  await using bench = await startSseBench();
  await bench.writeLines("job-p", 250);
  const page = async (query: string) => await (await fetch(`${bench.url}/logs/job-p/history${query}`)).json();
  while ((await page("")).total < 250) await sleep(10);
  const { total, offset, lines } = await page("?limit=100&offset=200");
  assertEquals([total, offset, lines.length], [250, 200, 50]);
  assertEquals(lines[0], logLine("job-p", 201));
});
