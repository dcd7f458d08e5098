import { assert, assertEquals, assertRejects } from "@std/assert";
import type { LogRange, StoredLog } from "lib/log_store/log_store.ts";
import { storedLog } from "lib/log_store/suite/entries.ts";
import { HOSTILE_LINES } from "lib/log_store/suite/hostile_texts.ts";
import { OutageError } from "lib/run/outage_error.ts";
import { download, fileName } from "./download.ts";

const REQUEST = { jobId: "job", timestamps: false };

/** A store of pages; `outages`: before which page the store goes away once. */
function storeOf(pages: StoredLog[][], outages: number[] = []) {
  const away = new Set(outages);
  const seen = { pages: 0, ranges: [] as LogRange[], ended: false };
  async function* read(_: string, range: LogRange): AsyncGenerator<StoredLog[]> {
    seen.ranges.push(range);
    const start = range.after === undefined
      ? 0
      : pages.findIndex((page) => page.at(-1)?.entryId === range.after) + 1;
    try {
      for (let n = start; n < pages.length; n++) {
        if (away.delete(n)) throw new OutageError("store", "read");
        seen.pages++;
        yield await Promise.resolve(pages[n] ?? []);
      }
    } finally {
      seen.ended = true;
    }
  }
  return { read, seen };
}

const page = (n: number) => [storedLog(`${n}-0`, { line: `line ${n}` })];
const PAGES = [1, 2, 3, 4].map(page);
const textOf = async (body: Promise<ReadableStream<Uint8Array>>) =>
  await new Response(await body as BodyInit).text();

Deno.test("G2 G13 download() gives every line as it was, with a newline behind it", async () => {
  const store = storeOf([HOSTILE_LINES.map((line, n) => storedLog(`1-${n}`, { line }))]);
  assertEquals(await textOf(download(store, REQUEST)), HOSTILE_LINES.map((line) => `${line}\n`).join(""));
  assertEquals(await textOf(download(storeOf([]), REQUEST)), "");
});

Deno.test("download() writes each line's time in front of it if asked to", async () => {
  assertEquals(
    await textOf(download(storeOf([page(7)]), { ...REQUEST, timestamps: true })),
    "2026-01-15T12:01:02.123456+00:00 line 7\n",
  );
});

Deno.test("G11 download() reads no further than the client, and ends when the client is gone", async () => {
  const store = storeOf(PAGES);
  const body = await download(store, REQUEST);
  const reader = body.getReader();
  await reader.read();
  await reader.read();
  assert(store.seen.pages <= 2, `${store.seen.pages} pages were read`);
  await reader.cancel();
  assert(store.seen.ended && store.seen.pages <= 2);
});

Deno.test("G8 download() waits through an outage and goes on where it was", async () => {
  const store = storeOf(PAGES, [2]);
  assertEquals(await textOf(download(store, REQUEST)), "line 1\nline 2\nline 3\nline 4\n");
  assertEquals(store.seen.ranges.map(({ after }) => after), [undefined, "2-0"]);
});

Deno.test("G8 download() waits through any number of outages, as long as it gets on between them", async () => {
  const pages = Array.from({ length: 9 }, (_, n) => page(n + 1));
  const text = await textOf(download(storeOf(pages, [1, 2, 3, 4, 5, 6, 7, 8]), REQUEST));
  assertEquals(text.split("\n").length, 10);
});

Deno.test("download() of a store that is away is an outage before anything is sent", async () => {
  await assertRejects(() => download(storeOf(PAGES, [0]), REQUEST), OutageError);
});

Deno.test("fileName() says what is in the file", () => {
  assertEquals(fileName({ jobId: "a.b_c-1", timestamps: true }), "a.b_c-1.log");
  assertEquals(
    fileName({ jobId: "a", jobType: "copy", stream: "stderr", timestamps: true }),
    "a-copy-stderr.log",
  );
});
