import { assert, assertEquals } from "@std/assert";
import type { EventSourceMessage } from "eventsource-parser";
import { openPostgres } from "lib/store/open.ts";
import { shardKey, shardOf } from "lib/stream/keys.ts";
import { until } from "lib/testing/until.ts";
import { readEvents, type SseBench, startSseBench } from "./sse_bench.ts";

const linesOf = (events: readonly EventSourceMessage[]) =>
  events.filter(({ event }) => event === "logs").map(({ data }) => JSON.parse(data).line as string);
const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => String(from + index));
const isLine = (line: string) => ({ event, data }: EventSourceMessage) =>
  event === "logs" && JSON.parse(data).line === line;

/** Waits until all lines are stored, without asking the store, where questions are counted. */
async function stored({ redis }: SseBench, jobId: string): Promise<void> {
  await until("stored", async () => {
    const groups = await redis.xinfo("GROUPS", shardKey("stream:job-logs", shardOf(jobId, 2))) as unknown[][];
    return groups.some((group) => ["pending", "lag"].every((name) => group[group.indexOf(name) + 1] === 0));
  });
}

/**
 * How often the store was asked for log lines and statuses, by Postgres's own count of scans. Each session tells its
 * own up to ten seconds late, or when it ends: so all are ended.
 */
async function scans({ dsn, sql, url }: SseBench): Promise<number> {
  await using own = openPostgres(dsn, { max: 1 });
  await own`
    SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`;
  await until("connected again", async () => {
    const answered = Promise.all(Array.from({ length: 8 }, () => sql`SELECT pg_sleep(0.02)`));
    if (!await answered.then(() => true, () => false)) return false;
    const page = await fetch(`${url}/logs/none/history`);
    await page.body?.cancel();
    return page.ok;
  });
  const [row] = await own`
    SELECT sum(coalesce(idx_scan, 0) + coalesce(seq_scan, 0))::int AS n FROM pg_stat_user_tables
    WHERE relname IN ('job_logs', 'job_status_history', 'status_progress')`;
  return row?.n ?? 0;
}

Deno.test("?tail=N begins N lines before now, stored or not; who resumes goes on where it was", async () => {
  let open = Promise.withResolvers<void>();
  open.resolve();
  await using bench = await startSseBench({ beforeStore: () => open.promise });
  await bench.writeLines("job-t", 100);
  await stored(bench, "job-t");
  open = Promise.withResolvers();
  using _open = { [Symbol.dispose]: () => open.resolve() }; // whatever fails, the consumer can stop
  await bench.writeLines("job-t", 20);
  const tail = async (query: string, lastEventId?: string) =>
    await readEvents(`${bench.url}/events/job-t/logs?${query}`, {
      enough: ({ event }) => event === "caught-up",
      ...(lastEventId ? { lastEventId } : {}),
    });
  await until("handed out", async () => linesOf(await tail("tail=1"))[0] === "120");
  assertEquals(linesOf(await tail("tail=30")), numbers(91, 120));
  assertEquals(linesOf(await tail("tail=7")), numbers(114, 120));
  assertEquals(linesOf(await tail("tail=0")), []);
  assertEquals(linesOf(await tail("tail=500")), numbers(1, 120));
  const [first] = await tail("tail=10");
  assertEquals(linesOf(await tail("tail=3", first?.id)), numbers(112, 120));
  open.resolve();
  for (const bad of ["tail=-1", "tail=x", "tail=1e3", "tail=", "tail=99999999", "tail=1&tail=2"]) {
    const response = await fetch(`${bench.url}/events/job-t/logs?${bad}`);
    assertEquals([response.status, (await response.json()).error.code], [422, "invalid_request"], bad);
  }
});

Deno.test("G15 at a stop every client is told to wait for a time of its own before it comes back", async () => {
  await using bench = await startSseBench();
  const texts = Array.from(
    { length: 12 },
    async () => await (await fetch(`${bench.url}/events/job-x/all`)).text(),
  );
  await until("connected", () => bench.hub.clients === 12);
  bench.stopStreams();
  const waits = (await Promise.all(texts)).map((text) => Number(/retry: (\d+)\n\n$/.exec(text)?.[1]));
  assert(waits.every((wait) => wait >= 1_000 && wait <= 5_000), String(waits));
  assert(new Set(waits).size > 6, `not spread: ${waits}`);
  const late = await (await fetch(`${bench.url}/events/job-x/all`)).text();
  assert(/retry: \d+\n\n$/.test(late), "who comes after the stop is sent away at once");
});

Deno.test("G10 sixty clients that come back at once cost the store a few reads, and each gets what it missed", async () => {
  await using bench = await startSseBench();
  await bench.writeLines("job-storm", 2_000);
  await stored(bench, "job-storm");
  const read = async (lastEventId: string | undefined, last: string) =>
    await readEvents(`${bench.url}/events/job-storm/all`, {
      enough: isLine(last),
      ...(lastEventId ? { lastEventId } : {}),
    });
  const all = await read(undefined, "2000");
  const ids = all.filter(({ event }) => event === "logs").map(({ id }) => id);
  await bench.writeLines("job-storm", 100);
  await stored(bench, "job-storm");
  const before = await scans(bench);
  // Each was cut somewhere else.
  const places = Array.from({ length: 60 }, (_, index) => 1_400 + index * 10);
  const back = await Promise.all(places.map((place) => read(ids[place - 1], "2100")));
  for (const [index, events] of back.entries()) {
    assertEquals(linesOf(events), numbers((places[index] ?? 0) + 1, 2_100));
  }
  const cost = await scans(bench) - before;
  assert(cost < 60, `${cost} scans for 60 clients`);
});

Deno.test("G12 a stream ends within a second of the time that its client's token ends", async () => {
  const { eventStreams } = await import("../../workers/sse_service/events/answer_events.ts");
  await using bench = await startSseBench();
  const answer = eventStreams(bench.events);
  const request = { jobId: "job-e", kind: "all" as const, lastEventId: null, tail: null };
  const expiresAtMs = Date.now() + 300;
  const [ends, stays] = await Promise.all([answer({ ...request, expiresAtMs }), answer(request)]);
  await ends.text();
  const late = Date.now() - expiresAtMs;
  // Far less than until the next sign of life, which would end it at the latest.
  assert(late >= 0 && late < 8_000, `${late} ms late`);
  await until("alone", () => bench.hub.clients === 1);
  await stays.body?.cancel();
});
