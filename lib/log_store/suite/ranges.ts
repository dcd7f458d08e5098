/**
 * Which entries a reader gets, and in what order.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { LogRange } from "../log_store.ts";
import { idsOf, pageAt, readAll, type Sentences, storedLog } from "./entries.ts";

/** Order, ranges and pages. */
export const RANGES: Sentences = {
  "G4 read() gives entries in the order of their ids, in whatever order they were written": async (store) => {
    const ids = ["9-2", "9-10", "10-0", "10-9", "10-10", "123-4", "1768478462000-0", "1768478462000-1"];
    await store.write(ids.toReversed().slice(0, 5).map((id) => storedLog(id)));
    await store.write(ids.slice(0, 3).map((id) => storedLog(id)));
    assertEquals(idsOf(await readAll(store, "job")), ids);
    assertEquals(idsOf(await readAll(store, "job", {}, 1)), ids);
  },
  "read() keeps to its range": async (store) => {
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
  },
  "page() counts lines without markers and begins at any line": async (store) => {
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
      assertEquals(await pageAt(store, "job", { limit, offset }), {
        total: 42,
        lines: lines.slice(offset, offset + limit),
      });
    }
    assertEquals(await pageAt(store, "nobody", { limit: 10, offset: 0 }), { total: 0, lines: [] });
  },
  "read() gives every event of one entry id, wherever pages end": async (store) => {
    const entries = Array.from({ length: 30 }, (_, n) => storedLog(`${n % 4 + 1}-0`, { line: `line ${n}` }));
    await store.write(entries);
    for (const pageSize of [1, 3, 100]) {
      const all = await readAll(store, "job", {}, pageSize);
      assertEquals(idsOf(all), idsOf(entries).sort());
      assertEquals(new Set(all.map(({ event }) => event.line)).size, 30);
    }
  },
  "read() makes pages of long lines short": async (store) => {
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
      const chars = page.reduce((sum, { event }) => sum + event.line.length, 0);
      assert(next === 0 || chars < 6_000_000, `${chars} characters`);
      next += page.length;
    }
    assertEquals(next, 40);
  },
  "read() ends when its signal aborts": async (store) => {
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
  },
};
