import { assertEquals } from "@std/assert";
import { RequeueTally } from "./requeue_tally.ts";

Deno.test("RequeueTally counts every letter, tells the first thousand one by one, and how many it leaves out", () => {
  const tally = new RequeueTally("logs", false);
  const outcomes = ["gone", "requeued", "refused"] as const;
  for (let n = 0; n < 1_200; n += 400) {
    tally.add(Array.from({ length: 400 }, (_, i) => ({
      letter: { id: `${n + i}-0`, originStream: "s", originId: "1-0", jobId: "job", fault: null, size: 1 },
      ...{ outcome: outcomes[n / 400] ?? "gone", entryId: null, why: null },
    })));
  }
  const { counts, outcomes: told, outcomes_left_out } = tally.result();
  assertEquals(counts, { gone: 400, requeued: 400, refused: 400 });
  assertEquals([told.length, told.at(0)?.id, told.at(-1)?.id, outcomes_left_out], [
    1_000,
    "0-0",
    "999-0",
    200,
  ]);
  assertEquals(tally.last?.letter.id, "1199-0");
});
