/**
 * What goes in comes out: all of it, once, as it was.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { LogEvent } from "../../event/log.ts";
import { pageAt, readAll, type Sentences, storedLog } from "./entries.ts";
import { HOSTILE_IDS, HOSTILE_LINES } from "./hostile_texts.ts";

/** Nothing is lost, doubled, changed or taken for a query. */
export const EXACTNESS: Sentences = {
  "G1 an event written again changes nothing, whatever entry or batch it comes in": async (store, server) => {
    const entries = ["1-0", "2-0", "3-0"].map((id) => storedLog(id));
    const again = { entryId: "7-0", event: storedLog("1-0").event };
    await store.write([...entries, ...entries, again]);
    await store.write(entries);
    await using other = server.open();
    await other.write([again, storedLog("4-0"), ...entries]);
    const expected = [...entries, storedLog("4-0")];
    for (const pageSize of [100, 1]) assertEquals(await readAll(store, "job", {}, pageSize), expected);
    assertEquals(await pageAt(store, "job", { limit: 10, offset: 0 }), { total: 4, lines: expected });
    const elsewhere = { entryId: "1-0", event: { ...storedLog("1-0").event, job_id: "other" } };
    await store.write([elsewhere]);
    assertEquals(await readAll(store, "other"), [elsewhere]);
  },
  "G1 copies written by two processes at once are one entry to readers": async (store, server) => {
    const entries = Array.from({ length: 60 }, (_, n) => storedLog(`${Math.floor(n / 7)}-${n % 7 + 1}`));
    await using other = server.open();
    await Promise.all([store, other, store].map((writer) => writer.write(entries)));
    for (const pageSize of [1, 4, 100]) assertEquals(await readAll(store, "job", {}, pageSize), entries);
    const pages = await Promise.all([0, 25, 50].map((offset) => pageAt(store, "job", { limit: 25, offset })));
    assertEquals(pages.flatMap(({ lines }) => lines), entries);
    assertEquals(pages.map(({ total }) => total), [60, 60, 60]);
  },
  "G2 G13 hostile lines and names come back exactly": async (store) => {
    const entries = HOSTILE_LINES.map((line, n) =>
      storedLog(`5-${n + 1}`, { line, container_name: line.slice(0, 50) })
    );
    await store.write(entries);
    assertEquals(await readAll(store, "job"), entries);
    assertEquals((await pageAt(store, "job", { limit: 100, offset: 0 })).lines, entries);
  },
  "G2 events of any texts, times and optional fields come back exactly": async (store) => {
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
            ...Object.fromEntries(given) as Partial<LogEvent>,
            job_id,
            event_id: `${job}-${n}`,
          });
        });
        await store.write(entries);
        assertEquals(await readAll(store, job_id), entries);
      }),
      { numRuns: 15 },
    );
  },
  "G2 lines of several streams and containers, written by turns in one batch, keep whose they are": async (
    store,
  ) => {
    const sources = [
      { stream: "stdout", container_id: "c1" },
      { stream: "stderr", container_id: "c1" },
      { stream: "stdout", container_id: "c2" },
    ] as const;
    const entries = [0, 1, 0, 0, 1, 1, 2, 2, 0, 0, 2, 1, 2, 2]
      .map((source, n) => storedLog(`6-${n + 1}`, sources[source]));
    await store.write(entries);
    assertEquals(await readAll(store, "job"), entries);
  },
  "G12 no job id is taken for a query": async (store) => {
    await store.write(HOSTILE_IDS.map((job_id, n) => storedLog(`8-${n}`, { job_id })));
    for (const [n, job_id] of HOSTILE_IDS.entries()) {
      assertEquals(await readAll(store, job_id), [storedLog(`8-${n}`, { job_id })], job_id);
      assertEquals((await pageAt(store, job_id, { limit: 5, offset: 0 })).total, 1, job_id);
    }
    assertEquals(await readAll(store, "*"), [storedLog(`8-${HOSTILE_IDS.indexOf("*")}`, { job_id: "*" })]);
    assertEquals(await readAll(store, 'nobody" OR job_id:"a'), []);
  },
  "G1 25,000 lines come back exactly, page by page": async (store) => {
    const entries = Array.from(
      { length: 25_000 },
      (_, n) =>
        storedLog(`${1768478462000 + Math.floor(n / 6_000)}-${n % 6_000}`, { line: `line ${n}`, seq: n + 1 }),
    );
    // More at once than a store may write in one piece.
    for (let start = 0; start < entries.length; start += 7_000) {
      await store.write(entries.slice(start, start + 7_000));
    }
    let next = 0;
    for await (const page of store.read("job", {})) {
      assert(page.length <= 1_000);
      assertEquals(page, entries.slice(next, next + page.length));
      next += page.length;
    }
    assertEquals(next, entries.length);
    assertEquals((await pageAt(store, "job", { limit: 2, offset: 0 })).total, 25_000);
    assertEquals(await pageAt(store, "job", { limit: 3, offset: 24_998 }), {
      total: 25_000,
      lines: entries.slice(24_998),
    });
  },
};
