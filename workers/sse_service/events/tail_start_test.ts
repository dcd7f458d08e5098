import { assertEquals } from "@std/assert";
import type { Redis } from "ioredis";
import { storedLog } from "lib/log_store/suite/entries.ts";
import { tailStart } from "./tail_start.ts";

/** The lines 10-0 to 60-0, of which the store has those up to `stored` and acknowledged those up to `settled`. */
function logOf({ stored, settled }: { stored: number; settled: number }) {
  const all = [10, 20, 30, 40, 50, 60].map((ms) => storedLog(`${ms}-0`));
  const redis = {
    xinfo: () => Promise.resolve([["name", "group", "last-delivered-id", `${settled}-0`]]),
    xpending: () => Promise.resolve([0, null]),
    xrange: (_: string, after: string) => {
      const rest = all.filter(({ entryId }) => parseInt(entryId) > parseInt(after.slice(1)));
      return Promise.resolve(rest.map(({ entryId, event }) => [entryId, ["data", JSON.stringify(event)]]));
    },
  } as unknown as Redis;
  const page = (_: string, { limit, from }: { limit: number; from: unknown }) => {
    const before = parseInt((from as { before: { entryId: string } }).before.entryId);
    const lines = all.filter(({ entryId }) => parseInt(entryId) <= stored && parseInt(entryId) < before);
    return Promise.resolve({ lines: lines.slice(-limit), offset: 0, total: 0, countedTo: "0-0" });
  };
  const read = () => {
    throw new Error("not asked for");
  };
  return { redis, logStore: { page, read }, logGroup: "group" };
}

Deno.test("tailStart() counts each line once, also one that is stored and not acknowledged yet", async () => {
  for (const stored of [0, 10, 30, 60]) {
    for (const settled of [0, 10, 30].filter((ms) => ms <= stored)) {
      const starts = [];
      for (const lines of [1, 2, 5]) {
        starts.push(await tailStart(logOf({ stored, settled }), "job", { lines, stream: "s", tip: "60-0" }));
      }
      const left = starts.map((start) =>
        [10, 20, 30, 40, 50, 60].filter((ms) => ms > parseInt(start)).length
      );
      assertEquals(left, [1, 2, 5], `stored up to ${stored}, settled up to ${settled}`);
    }
  }
});
