/**
 * The sentences that every log store must pass. Registers tests; used by tests only.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { logEventId } from "../event/event_id.ts";
import type { LogEvent } from "../event/log.ts";
import { OutageError } from "../run/outage_error.ts";
import { compareEntryIds } from "../stream/entry_id.ts";
import { HOSTILE_IDS, HOSTILE_LINES } from "./hostile_texts.ts";
import type { LogRange, LogStore, StoredLog } from "./log_store.ts";
import { UnstorableLogError } from "./unstorable_log_error.ts";

/** The server behind a store, of the test's own. */
export interface LogStoreServer extends AsyncDisposable {
  /** A store on this server, as one process has it; the test closes it. */
  open(): LogStore;
  /** Ends the server; `start` brings it back with what it had. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

type Fields = Partial<LogEvent>;

/** An entry with an event that differs from others by entry id and fields. */
export function storedLog(entryId: string, fields: Fields = {}): StoredLog {
  const facts = {
    job_id: "job",
    job_type: "plugin" as const,
    container_name: "job",
    line: `line of ${entryId}`,
    stream: "stdout" as const,
    timestamp: "2026-01-15T12:01:02.123456+00:00",
    ...fields,
  };
  return { entryId, event: { event_id: logEventId(facts), eos: false, ...facts } };
}

async function readAll(
  store: LogStore,
  jobId: string,
  range: LogRange = {},
  pageSize?: number,
): Promise<StoredLog[]> {
  const all: StoredLog[] = [];
  for await (const page of store.read(jobId, range, pageSize ? { pageSize } : {})) all.push(...page);
  return all;
}

const idsOf = (entries: StoredLog[]) => entries.map(({ entryId }) => entryId);

/** Registers the tests for one kind of store. */
export function describeLogStore(kind: string, start: () => Promise<LogStoreServer>): void {
  const test = (sentence: string, body: (store: LogStore, server: LogStoreServer) => Promise<void>) =>
    Deno.test(`${sentence} (${kind})`, async () => {
      await using server = await start();
      await using store = server.open();
      await store.prepare();
      await body(store, server);
    });

  test("G4 read() gives entries in the order of their ids, in whatever order they were written", async (store) => {
    const ids = ["9-2", "9-10", "10-0", "10-9", "10-10", "123-4", "1768478462000-0", "1768478462000-1"];
    await store.write(ids.toReversed().slice(0, 5).map((id) => storedLog(id)));
    await store.write(ids.slice(0, 3).map((id) => storedLog(id)));
    assertEquals(idsOf(await readAll(store, "job")), ids);
    assertEquals(idsOf(await readAll(store, "job", {}, 1)), ids);
  });

  test(
    "G1 an event written again changes nothing, whatever entry or batch it comes in",
    async (store, server) => {
      const entries = ["1-0", "2-0", "3-0"].map((id) => storedLog(id));
      const again = { entryId: "7-0", event: storedLog("1-0").event };
      await store.write([...entries, ...entries, again]);
      await store.write(entries);
      await using other = server.open();
      await other.write([again, storedLog("4-0"), ...entries]);
      const expected = [...entries, storedLog("4-0")];
      assertEquals(await readAll(store, "job"), expected);
      assertEquals(await store.page("job", { limit: 10, offset: 0 }), { total: 4, lines: expected });
      const elsewhere = { entryId: "1-0", event: { ...storedLog("1-0").event, job_id: "other" } };
      await store.write([elsewhere]);
      assertEquals(await readAll(store, "other"), [elsewhere]);
    },
  );

  test("G1 copies written by two processes at once are one entry to readers", async (store, server) => {
    const entries = Array.from({ length: 60 }, (_, n) => storedLog(`${Math.floor(n / 7)}-${n % 7 + 1}`));
    await using other = server.open();
    await Promise.all([store, other, store].map((writer) => writer.write(entries)));
    for (const pageSize of [1, 4, 100]) assertEquals(await readAll(store, "job", {}, pageSize), entries);
    const pages = await Promise.all([0, 25, 50].map((offset) => store.page("job", { limit: 25, offset })));
    assertEquals(pages.flatMap(({ lines }) => lines), entries);
    assertEquals(pages.map(({ total }) => total), [60, 60, 60]);
  });

  test("G2 G13 hostile lines and names come back exactly", async (store) => {
    const entries = HOSTILE_LINES.map((line, n) =>
      storedLog(`5-${n + 1}`, { line, container_name: line.slice(0, 50) })
    );
    await store.write(entries);
    assertEquals(await readAll(store, "job"), entries);
    assertEquals((await store.page("job", { limit: 100, offset: 0 })).lines, entries);
  });

  test("G2 events of any texts, times and optional fields come back exactly", async (store) => {
    const optional = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined });
    const fields = fc.record({
      line: fc.string({ unit: "binary" }),
      container_name: fc.string({ unit: "grapheme" }),
      stream: fc.constantFrom("stdout" as const, "stderr" as const, "" as const),
      timestamp: fc.constantFrom(
        "2026-01-15T12:01:02+00:00",
        "2026-01-15T12:01:02.5Z",
        "2026-01-15T12:01:02.1200+05:30",
      ),
      container_id: optional(fc.string()),
      seq: optional(fc.nat()),
      lossy: optional(fc.boolean()),
      truncated: optional(fc.integer({ min: 1 })),
    });
    let job = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fields, { minLength: 1 }), async (events) => {
        const job_id = `job-${++job}`;
        const entries = events.map((event, n) => {
          const given = Object.entries(event).filter(([, value]) => value !== undefined);
          return storedLog(`3-${n + 1}`, {
            ...Object.fromEntries(given) as Fields,
            job_id,
            event_id: `${job}-${n}`,
          });
        });
        await store.write(entries);
        assertEquals(await readAll(store, job_id), entries);
      }),
      { numRuns: 15 },
    );
  });

  test("G12 no job id is taken for a query", async (store) => {
    await store.write(HOSTILE_IDS.map((job_id, n) => storedLog(`8-${n}`, { job_id })));
    for (const [n, job_id] of HOSTILE_IDS.entries()) {
      assertEquals(await readAll(store, job_id), [storedLog(`8-${n}`, { job_id })], job_id);
      assertEquals((await store.page(job_id, { limit: 5, offset: 0 })).total, 1, job_id);
    }
    assertEquals(await readAll(store, "*"), [storedLog(`8-${HOSTILE_IDS.indexOf("*")}`, { job_id: "*" })]);
    assertEquals(await readAll(store, 'nobody" OR job_id:"a'), []);
  });

  test("read() keeps to its range", async (store) => {
    const lines = ["1-1", "1-2", "2-0", "2-5", "30-0"].map((id) => storedLog(id));
    const upload = storedLog("2-7", { job_type: "upload" });
    const marker = storedLog("30-1", { eos: true, line: "", seq: 5 });
    await store.write([...lines, upload, marker, storedLog("2-1", { job_id: "other" })]);
    const ranges: [LogRange, string[]][] = [
      [{}, ["1-1", "1-2", "2-0", "2-5", "2-7", "30-0"]],
      [{ after: "1-2" }, ["2-0", "2-5", "2-7", "30-0"]],
      [{ before: "2-5" }, ["1-1", "1-2", "2-0"]],
      [{ after: "1-1", before: "30-0" }, ["1-2", "2-0", "2-5", "2-7"]],
      [{ after: "2-4", before: "2-6" }, ["2-5"]],
      [{ after: "30-0" }, []],
      [{ after: "2-5", withMarkers: true }, ["2-7", "30-0", "30-1"]],
      [{ jobType: "upload" }, ["2-7"]],
      [{ jobType: "plugin", after: "2-0", withMarkers: true }, ["2-5", "30-0", "30-1"]],
      [{ jobType: 'x" OR job_type:"upload' }, []],
    ];
    for (const [range, ids] of ranges) {
      assertEquals(idsOf(await readAll(store, "job", range)), ids, JSON.stringify(range));
      assertEquals(idsOf(await readAll(store, "job", range, 2)), ids, JSON.stringify(range));
    }
  });

  test("page() counts lines without markers and begins at any line", async (store) => {
    const entries = Array.from(
      { length: 45 },
      (_, n) => storedLog(`${n}-1`, n % 15 === 14 ? { eos: true } : {}),
    );
    await store.write(entries);
    const lines = entries.filter(({ event }) => !event.eos);
    for (
      const [limit, offset] of [[10, 0], [10, 10], [10, 37], [100, 0], [5, 42], [5, 1_000_000], [
        0,
        0,
      ]] as const
    ) {
      assertEquals(await store.page("job", { limit, offset }), {
        total: 42,
        lines: lines.slice(offset, offset + limit),
      });
    }
    assertEquals(await store.page("nobody", { limit: 10, offset: 0 }), { total: 0, lines: [] });
  });

  test("G1 25,000 lines come back exactly, page by page", async (store) => {
    const entries = Array.from(
      { length: 25_000 },
      (_, n) =>
        storedLog(`${1768478462000 + Math.floor(n / 6_000)}-${n % 6_000}`, { line: `line ${n}`, seq: n + 1 }),
    );
    for (let start = 0; start < entries.length; start += 5_000) {
      await store.write(entries.slice(start, start + 5_000));
    }
    let next = 0;
    for await (const page of store.read("job", {})) {
      assert(page.length <= 1_000);
      assertEquals(page, entries.slice(next, next + page.length));
      next += page.length;
    }
    assertEquals(next, entries.length);
    assertEquals(await store.page("job", { limit: 3, offset: 24_998 }), {
      total: 25_000,
      lines: entries.slice(24_998),
    });
  });

  test("read() makes pages of long lines short", async (store) => {
    const entries = Array.from(
      { length: 40 },
      (_, n) => storedLog(`${n + 1}-0`, { line: `${n}`.repeat(400_000) }),
    );
    await store.write(entries);
    let next = 0;
    for await (const page of store.read("job", {}, { pageSize: 12 })) {
      assert(page.length <= 12);
      assertEquals(idsOf(page), idsOf(entries.slice(next, next + page.length)));
      assert(page.every(({ event }, n) => event.line === entries[next + n]?.event.line));
      next += page.length;
    }
    assertEquals(next, 40);
  });

  test("read() ends when its signal aborts", async (store) => {
    await store.write(Array.from({ length: 20 }, (_, n) => storedLog(`${n}-1`)));
    const stop = new AbortController();
    let pages = 0;
    for await (const _ of store.read("job", {}, { signal: stop.signal, pageSize: 2 })) {
      if (++pages === 3) stop.abort();
    }
    assertEquals(pages, 3);
    for await (const _ of store.read("job", {}, { signal: AbortSignal.abort() })) {
      throw new Error("read after abort");
    }
  });

  test("what write() has resolved for is found by another process at once", async (store, server) => {
    await using other = server.open();
    for (let n = 1; n <= 10; n++) {
      await store.write([storedLog(`${n}-0`)]);
      assertEquals((await readAll(other, "job")).length, n);
    }
    await store.write([]);
    assertEquals((await other.page("job", { limit: 1, offset: 0 })).total, 10);
  });

  test("G9 an event that can never be stored is refused as such, and the others go in without it", async (store) => {
    const monster = storedLog("2-0", { job_id: "j".repeat(3_000) });
    await assertRejects(() => store.write([storedLog("1-0"), monster]), UnstorableLogError, "3000 bytes");
    await store.write([storedLog("1-0")]);
    assertEquals(idsOf(await readAll(store, "job")), ["1-0"]);
  });

  test(
    "G8 while the server is away everything is an outage, and afterwards works again",
    async (store, server) => {
      await store.write([storedLog("1-0")]);
      await server.stop();
      await assertRejects(() => store.write([storedLog("2-0")]), OutageError, "Cannot store 1 log lines");
      await assertRejects(() => readAll(store, "job"), OutageError, 'Cannot read the log of "job"');
      await assertRejects(() => store.page("job", { limit: 1, offset: 0 }), OutageError);
      await assertRejects(() => store.ping(), OutageError);
      await assertRejects(() => store.prepare(), OutageError);
      await server.start();
      await store.ping();
      await store.write([storedLog("2-0")]);
      assertEquals(idsOf(await readAll(store, "job")).sort(compareEntryIds), ["1-0", "2-0"]);
    },
  );

  Deno.test(`G16 any number of processes may prepare at once, and again (${kind})`, async () => {
    await using server = await start();
    const stores = Array.from({ length: 8 }, () => server.open());
    await using stack = new AsyncDisposableStack();
    for (const store of stores) stack.use(store);
    await Promise.all(stores.map((store) => store.prepare()));
    await Promise.all(stores.map((store, n) => store.write([storedLog(`${n}-0`)])));
    for (const store of stores) await store.prepare();
    for (const store of stores) assertEquals((await readAll(store, "job")).length, 8);
  });
}
