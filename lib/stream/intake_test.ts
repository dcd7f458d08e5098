import { assertEquals } from "@std/assert";
import { silentLogger } from "lib/run/log.ts";
import { sleep } from "lib/run/sleep.ts";
import { FakeShard } from "lib/testing/fake_shard.ts";
import { VirtualTime } from "lib/testing/virtual_time.ts";
import { UndecodableEntryError } from "../event/codec.ts";
import { Intake, type IntakeOptions } from "./intake.ts";

function intakeOf(
  shard: FakeShard,
  time: VirtualTime,
  options: Partial<IntakeOptions<string>> = {},
): Intake<string> {
  return new Intake(shard, {
    decode: (data) => data,
    waitForMore: shard.waitForMore,
    log: silentLogger,
    now: time.now,
    clock: time.now,
    ...options,
  });
}

const never = new AbortController().signal;

Deno.test("Intake hands over what is there at once unless it may linger", async () => {
  using time = new VirtualTime(0);
  const shard = new FakeShard();
  const intake = intakeOf(shard, time);
  assertEquals(await intake.batch("0-0", 5, never), []);
  shard.add("a", "b", "c");
  const batch = await intake.batch("0-0", 2, never);
  assertEquals(batch.map(({ id, event, firstSeen }) => [id, event, firstSeen]), [["1-0", "a", 0], [
    "2-0",
    "b",
    0,
  ]]);
  assertEquals(time.now(), 0);
});

Deno.test("Intake lingers from the first entry on, and takes what comes meanwhile", async () => {
  using time = new VirtualTime(0);
  const shard = new FakeShard();
  const batch = intakeOf(shard, time, { lingerMs: 250 }).batch("0-0", 5, never);
  shard.add("a");
  const later = sleep(100).then(() => shard.add("b")).then(() => sleep(200)).then(() => shard.add("c"));
  assertEquals((await batch).map((arrival) => arrival.event), ["a", "b"]);
  assertEquals(time.now(), 250);
  await later;
});

Deno.test("Intake lingers no longer once the batch is full or holds something urgent", async () => {
  using time = new VirtualTime(0);
  const shard = new FakeShard();
  const intake = intakeOf(shard, time, { lingerMs: 60_000, urgent: (event) => event === "end" });
  shard.add("a", "b", "c");
  assertEquals((await intake.batch("0-0", 2, never)).length, 2);
  const second = intake.batch("2-0", 5, never);
  await sleep(10);
  shard.add("end", "more");
  assertEquals((await second).map((arrival) => arrival.event), ["c", "end", "more"]);
  assertEquals(time.now(), 10);
});

Deno.test("G15 Intake hands over a partial batch at once when told to stop", async () => {
  using time = new VirtualTime(0);
  const shard = new FakeShard();
  const stop = new AbortController();
  shard.add("a");
  const batch = intakeOf(shard, time, { lingerMs: 60_000 }).batch("0-0", 5, stop.signal);
  await sleep(20);
  stop.abort();
  assertEquals((await batch).map((arrival) => arrival.event), ["a"]);
  assertEquals(time.now(), 20);
});

Deno.test("G8 Intake lingers no longer because the wall clock is set back meanwhile", async () => {
  using time = new VirtualTime(0);
  const shard = new FakeShard();
  let wall = Date.UTC(2026, 0, 1);
  const intake = intakeOf(shard, time, { lingerMs: 100, now: () => wall -= 3_600_000 });
  shard.add("a");
  assertEquals((await intake.batch("0-0", 5, never)).length, 1);
  assertEquals(time.now(), 100);
});

Deno.test("Intake tells what a stream lost before it was read, and before it was acknowledged", async () => {
  using time = new VirtualTime(0);
  const shard = new FakeShard();
  shard.add("a", "b", "c");
  await shard.take("0-0", 3);
  shard.trim("1-0");
  shard.trim("2-0");
  shard.unread = 7;
  const errors: unknown[] = [];
  const log = { ...silentLogger, error: (fields: unknown) => errors.push(fields) } as typeof silentLogger;
  const batch = await intakeOf(shard, time, { log }).batch("0-0", 2, never);
  assertEquals(batch.map(({ id }) => id), ["3-0"]);
  assertEquals(errors, [{ lost: 2, first: "1-0", last: "2-0" }, { lost: 7 }]);
});

Deno.test("G9 Intake takes whatever decoding throws for the entry's own fault: nothing of it may end the consumer", async () => {
  using time = new VirtualTime(0);
  const shard = new FakeShard();
  shard.add("deep", "a");
  const decode = (data: string) => {
    if (data === "deep") throw new RangeError("Maximum call stack size exceeded");
    return data;
  };
  const [deep, next] = await intakeOf(shard, time, { decode }).batch("0-0", 5, never);
  assertEquals([deep?.event instanceof UndecodableEntryError, next?.event], [true, "a"]);
});
