import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { compareEntryIds } from "lib/stream/entry_id.ts";
import { merged } from "./history.ts";
import type { LiveEntry } from "./mailbox.ts";

const ids = fc.uniqueArray(fc.nat(200), { maxLength: 40 }).map((values) => values.sort((a, b) => a - b));
const entries = (kind: LiveEntry["kind"], values: number[]) =>
  values.map((value): LiveEntry => ({ kind, id: `${value}-${kind === "logs" ? 0 : 1}`, data: "" }));

async function* paged(all: LiveEntry[], size: number): AsyncGenerator<LiveEntry[]> {
  for (let at = 0; at < all.length; at += size) yield await Promise.resolve(all.slice(at, at + size));
}

Deno.test("merged() gives every entry of both once, in the order of their ids", async () => {
  await fc.assert(
    fc.asyncProperty(ids, ids, fc.integer({ min: 1, max: 7 }), async (logIds, otherIds, pageSize) => {
      const logs = entries("logs", logIds);
      const others = entries("workflow", otherIds);
      const out = (await Array.fromAsync(merged(others, paged(logs, pageSize)))).flat();
      assertEquals(out, [...logs, ...others].sort((a, b) => compareEntryIds(a.id, b.id)));
    }),
  );
});
