import { assertEquals, assertMatch } from "@std/assert";
import { metricsLines } from "./metrics.ts";

Deno.test("metricsLines() points to shards that nobody owns and to dead letters", () => {
  const shard = { xlen: 10, pending: 2, lag: 1, oldest_pending_ms: 5, owner: "host:1", trimmed: 0 };
  const figures = {
    status: { shards: [{ ...shard, stream: "s:0" }], dlq_xlen: 0 },
    logs: { shards: [{ ...shard, stream: "l:0", owner: null, lag: null }], dlq_xlen: 3 },
    workflow: { shards: [{ stream: "w:0", xlen: 4 }] },
    clients: 7,
  };
  const lines = metricsLines(figures, (colour, text) => `<${colour}>${text}`);
  assertMatch(lines[1] ?? "", /^s:0 +10 +1 +2 +host:1$/);
  assertMatch(lines[2] ?? "", /^l:0 +10 +\? +2 +<yellow>nobody$/);
  assertEquals(lines.slice(3), [
    "w:0                                  4",
    "0 dead letters (status)",
    "<red>3 dead letters (logs): deno task chris dlq list --stream logs",
    "7 clients are connected",
  ]);
});
