import { assert, assertEquals, assertThrows } from "@std/assert";
import { Random } from "./random.ts";

const draw = (random: Random) => Array.from({ length: 20 }, () => random.next());

Deno.test("Random gives the same numbers for the same seed, and others for another", () => {
  assertEquals(draw(new Random(7)), draw(new Random(7)));
  assert(draw(new Random(7))[0] !== draw(new Random(8))[0]);
});

Deno.test("Random.fork() does not depend on what was drawn before", () => {
  const used = new Random(7);
  draw(used);
  assertEquals(draw(used.fork("load")), draw(new Random(7).fork("load")));
  assert(draw(used.fork("load"))[0] !== draw(used.fork("faults"))[0]);
});

Deno.test("Random.int() reaches both ends and nothing beyond", () => {
  const random = new Random(1);
  const seen = new Set(Array.from({ length: 300 }, () => random.int(3, 6)));
  assertEquals([...seen].sort(), [3, 4, 5, 6]);
});

Deno.test("Random.some() and shuffle() keep the items, some() at least one of them", () => {
  const random = new Random(2);
  assertEquals(random.shuffle([1, 2, 3]).sort(), [1, 2, 3]);
  for (let tries = 0; tries < 50; tries++) {
    const some = random.some(["a", "b", "c"]);
    assert(some.length >= 1 && new Set(some).size === some.length);
  }
  assertEquals(random.some([]), []);
  assertThrows(() => random.pick([]), RangeError, "empty list");
});
