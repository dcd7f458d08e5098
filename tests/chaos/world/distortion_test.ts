import { assert, assertEquals } from "@std/assert";
import { Random } from "../random.ts";
import { distorted } from "./distortion.ts";

const LINE = '{"status":"die","time":1700000000,"timeNano":1700000000123456789}\n';

Deno.test("distorted() lets a notification pass where nothing is wanted", () => {
  assertEquals(distorted(LINE, {}, new Random(1)), [{ text: LINE, delayMs: 0 }]);
});

Deno.test("distorted() changes both times by the same, to the nanosecond", () => {
  const [delivery] = distorted(LINE, { skewMs: -5_000 }, new Random(1));
  assertEquals(delivery?.text, '{"status":"die","time":1699999995,"timeNano":1699999995123456789}\n');
});

Deno.test("distorted() repeats and delays a notification", () => {
  const deliveries = distorted(LINE, { duplicate: 1, lateMs: 1_000 }, new Random(1));
  assertEquals(deliveries.map(({ text }) => text), [LINE, LINE]);
  const delays = Array.from(
    { length: 50 },
    (_, seed) => distorted(LINE, { lateMs: 1_000 }, new Random(seed))[0]?.delayMs ?? -1,
  );
  assert(delays.every((ms) => ms >= 0 && ms <= 1_000) && new Set(delays).size > 10);
});
