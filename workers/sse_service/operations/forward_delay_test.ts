import { assertEquals } from "@std/assert";
import { longestDelay } from "./forward_delay.ts";

const NOW = Date.UTC(2026, 0, 1, 12);
const entry = (enteredMs: number, data: unknown): [string, string[]] => [
  `${NOW + enteredMs}-0`,
  ["data", typeof data === "string" ? data : JSON.stringify(data)],
];
const at = (ms: number) => new Date(NOW + ms).toISOString();

Deno.test("longestDelay() is the longest from a runtime's time to the stream, of what came lately", () => {
  const entries = [
    entry(-1_000, { timestamp: at(-1_500), status: "started" }),
    entry(-2_000, { timestamp: at(-9_000) }),
    entry(-400_000, { timestamp: at(-900_000) }), // long ago
  ];
  assertEquals(longestDelay(entries, NOW), 7);
});

Deno.test("longestDelay() leaves out confirmations, which the relay writes, and what is no event", () => {
  const entries = [
    entry(0, { timestamp: at(-60_000), status: "confirmed_finishedSuccessfully" }),
    entry(0, "not JSON"),
    entry(0, "null"),
    entry(0, { timestamp: 7 }),
    entry(0, { timestamp: "yesterday" }),
    [`${NOW}-1`, ["other", "field"]] as [string, string[]],
  ];
  assertEquals(longestDelay(entries, NOW), null);
});

Deno.test("longestDelay() takes a runtime whose clock is ahead for one without delay", () => {
  assertEquals(longestDelay([entry(0, { timestamp: at(5_000) })], NOW), 0);
});
