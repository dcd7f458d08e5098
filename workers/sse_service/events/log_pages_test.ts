import { assert, assertEquals } from "@std/assert";
import type { Redis } from "ioredis";
import type { LogEvent } from "lib/event/log.ts";
import type { StoredLog } from "lib/log_store/log_store.ts";
import { logPages } from "./log_pages.ts";
import { SharedReads } from "./shared_reads.ts";

const LINE_BYTES = 1_000;

/** A log of so many lines, all stored and acknowledged; notes the pages that were made. */
function longLog(lines: number) {
  const asked = { pages: 0, lines: 0 };
  const redis = {
    xinfo: () => Promise.resolve([["name", "group", "last-delivered-id", `${lines}-0`]]),
    xpending: () => Promise.resolve([0, null]),
    xrange: () => Promise.resolve([]),
  } as unknown as Redis;
  async function* read(
    _jobId: string,
    { after = "0-0" }: { after?: string },
    { pageSize = 1 }: { pageSize?: number } = {},
  ): AsyncGenerator<StoredLog[]> {
    for (let at = parseInt(after); at < lines; at += pageSize) {
      await Promise.resolve();
      const page = Array.from({ length: Math.min(pageSize, lines - at) }, (_, n) => storedLine(at + n + 1));
      asked.pages++;
      asked.lines += page.length;
      yield page;
    }
  }
  const page = () => Promise.reject(new Error("not asked for"));
  const request = {
    jobId: "job",
    stream: "stream",
    after: "0-0",
    asOf: "now",
    until: `${lines}-0`,
    tip: () => `${lines}-0`,
    signal: new AbortController().signal,
  };
  return { asked, sources: { redis, logStore: { read, page }, logGroup: "group" }, request };
}

function storedLine(seq: number): StoredLog {
  const event: LogEvent = {
    event_id: String(seq),
    job_id: "job",
    job_type: "plugin",
    container_name: "job",
    line: "x".repeat(LINE_BYTES),
    stream: "stdout",
    eos: false,
    timestamp: "2026-01-15T10:00:00+00:00",
    container_id: "c".repeat(64),
    seq,
  };
  return { entryId: `${seq}-0`, event };
}

Deno.test("logPages() gives all lines of a log once, in order, and looks into the stream for what follows", async () => {
  const { sources, request } = longLog(2_345);
  const pages = await Array.fromAsync(logPages(sources, new SharedReads(() => 0), request));
  assertEquals(
    pages.flatMap(({ entries }) => entries.map(({ id }) => parseInt(id))),
    Array.from({ length: 2_345 }, (_, index) => index + 1),
  );
  assert(pages.at(-1)?.storeRead);
});

Deno.test("G11 logPages() reads one page ahead of a client, and no further while that does not take it", async () => {
  const { asked, sources, request } = longLog(100_000);
  const pages = logPages(sources, new SharedReads(() => 0), request);
  for (let taken = 1; taken <= 5; taken++) {
    await pages.next();
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert(asked.pages <= taken + 1, `${asked.pages} pages were read when ${taken} were wanted`);
  }
  await pages.return(undefined);
});

Deno.test("A replay leaves a few megabytes behind, however long the log", async () => {
  const { asked, sources, request } = longLog(50_000);
  const reads = new SharedReads(() => 0); // time stands still: what is forgotten is so for its size
  await Array.fromAsync(logPages(sources, reads, request), () => null);
  assertEquals(asked.lines, 50_000);
  // What is kept answers a reader that comes at once; all else has to be read again.
  let again = 0;
  const counting = { ...sources.logStore, read: count };
  async function* count(...args: Parameters<typeof sources.logStore.read>) {
    for await (const page of sources.logStore.read(...args)) {
      again += page.length;
      yield page;
    }
  }
  await Array.fromAsync(logPages({ ...sources, logStore: counting }, reads, request), () => null);
  const kept = 50_000 - again;
  assert(kept * LINE_BYTES < 2_000_000, `${kept} lines were kept`);
});

Deno.test("G11 logPages() takes few lines of the stream at once where they are long, and all of them", async () => {
  const { sources, request } = longLog(0);
  const lines = 200;
  const found: number[] = [];
  const xrange = (_stream: string, after: string, _until: string, _count: string, count: number) => {
    const from = parseInt(after.slice(1));
    found.push(Math.min(count, lines - from));
    return Promise.resolve(
      Array.from({ length: Math.min(count, lines - from) }, (_, n) => {
        const { entryId, event } = storedLine(from + n + 1);
        return [entryId, ["data", JSON.stringify({ ...event, line: "x".repeat(200_000) })]];
      }),
    );
  };
  const redis = Object.assign(sources.redis, { xrange });
  const upToLast = { ...request, until: `${lines}-0`, tip: () => `${lines}-0` };
  const pages = await Array.fromAsync(logPages({ ...sources, redis }, new SharedReads(() => 0), upToLast));
  assertEquals(
    pages.flatMap(({ entries }) => entries.map(({ id }) => parseInt(id))),
    Array.from({ length: lines }, (_, index) => index + 1),
  );
  assert(found.slice(1).every((count) => count <= 10), `pages of ${found} lines`);
});
