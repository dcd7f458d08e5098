import { assert, assertEquals } from "@std/assert";
import { BatchRoom } from "./batch_room.ts";

const MIB = 1024 * 1024;

Deno.test("BatchRoom grows to the most there may be, as long as entries are small", () => {
  const room = new BatchRoom({ most: 2_000, vanished: 0 });
  const rooms = Array.from({ length: 5 }, () => {
    const { entries } = room;
    room.took(entries, entries * 300);
    return entries;
  });
  assertEquals(rooms, [256, 512, 1_024, 2_000, 2_000]);
  assertEquals(new BatchRoom({ most: 3, vanished: 0 }).entries, 3);
});

Deno.test("G9 BatchRoom keeps batches of huge entries small, and takes ever fewer the more owners have vanished", () => {
  const room = new BatchRoom({ most: 2_000, vanished: 0 });
  for (let batches = 0; batches < 10; batches++) {
    room.took(room.entries, room.entries * MIB);
    assert(room.entries <= 32, `${room.entries} entries of a mebibyte`);
  }
  room.took(1, 300 * MIB);
  assertEquals(room.entries, 1);
  room.took(0, 0);
  room.took(1, 10);
  assertEquals(room.entries, 2, "and recovers");
  const begins = [0, 1, 2, 3, 4, 5, 50].map((vanished) => new BatchRoom({ most: 2_000, vanished }).entries);
  assertEquals(begins, [256, 64, 16, 4, 1, 1, 1]);
});
