import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { compareEntryIds } from "lib/stream/entry_id.ts";
import { type Entry, entryOf } from "./entry.ts";
import { merged } from "./history.ts";

const ids = fc.uniqueArray(fc.nat(200), { maxLength: 40 }).map((values) => values.sort((a, b) => a - b));
const entries = (kind: Entry["kind"], values: number[]) =>
  values.map((value): Entry => entryOf(kind, `${value}-${kind === "logs" ? 0 : 1}`, {}, ""));

async function* paged(all: Entry[], size: number) {
  for (let at = 0; at < all.length; at += size) {
    yield await Promise.resolve({ entries: all.slice(at, at + size), from: "store" as const });
  }
}

Deno.test("merged() gives every entry of both once, in the order of their ids", async () => {
  await fc.assert(
    fc.asyncProperty(ids, ids, fc.integer({ min: 1, max: 7 }), async (logIds, otherIds, pageSize) => {
      const logs = entries("logs", logIds);
      const others = entries("workflow", otherIds);
      const out = (await Array.fromAsync(merged(others, paged(logs, pageSize)))).flatMap(({ entries }) =>
        entries
      );
      assertEquals(out, [...logs, ...others].sort((a, b) => compareEntryIds(a.id, b.id)));
    }),
  );
});
