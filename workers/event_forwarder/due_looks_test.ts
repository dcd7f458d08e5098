import { assertEquals } from "@std/assert";
import { dueLooks, LISTS_PER_LOOK } from "./due_looks.ts";

function note(status: string): string {
  const facts = { job_id: "j", job_type: "plugin", image: "", cmd: "", source: "docker", container_id: "c" };
  return JSON.stringify({ ...facts, status, timestamp: "2026-01-15T12:00:00+00:00" });
}

/** The rounds of ten in which a container is inspected. */
function rounds(running: boolean, told: boolean, live?: string): number[] {
  const notes: Record<string, string> = live === undefined ? {} : { c: live };
  const known = { live: notes, told: new Set(told ? ["c"] : []) };
  return Array.from({ length: LISTS_PER_LOOK }, (_, round) => round)
    .filter((round) => dueLooks([{ id: "c", running }], known, round).length > 0);
}

Deno.test("dueLooks() leaves out, but for its turn, what was told to be as the list says", () => {
  assertEquals(rounds(true, true, note("started")).length, 1);
  assertEquals(rounds(false, true).length, 1);
});

Deno.test("G3 dueLooks() keeps what was never told, and what changed since it was told", () => {
  const all = LISTS_PER_LOOK;
  assertEquals(rounds(true, false, note("started")).length, all, "its record was lost");
  assertEquals(rounds(false, false).length, all);
  assertEquals(rounds(true, true).length, all, "it runs again, or its last note was lost");
  assertEquals(rounds(true, true, note("notStarted")).length, all, "it began to run");
  assertEquals(rounds(false, true, note("started")).length, all, "it ended");
});

Deno.test("dueLooks() spreads the turns of many containers over the lists", () => {
  const many = Array.from({ length: 1_000 }, (_, i) => {
    return { id: (i * 7_919).toString(16).padStart(12, "0"), running: false };
  });
  const known = { live: {}, told: new Set(many.map(({ id }) => id)) };
  const counts = Array.from({ length: LISTS_PER_LOOK }, (_, round) => dueLooks(many, known, round).length);
  assertEquals(counts.reduce((a, b) => a + b), 1_000);
  assertEquals(counts.filter((count) => count > 200), []);
});
