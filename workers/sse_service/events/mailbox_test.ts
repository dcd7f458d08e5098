import { assert, assertEquals } from "@std/assert";
import { type Entry, entryOf } from "./entry.ts";
import { Mailbox } from "./mailbox.ts";

const entry = (id: string, size = 1): Entry => entryOf("logs", id, {}, "x".repeat(size));

Deno.test("Mailbox hands over what was offered, in order and once", () => {
  const mailbox = new Mailbox(10);
  mailbox.offer(entry("1-0"));
  mailbox.offer(entry("2-0"));
  assertEquals(mailbox.take().map(({ id }) => id), ["1-0", "2-0"]);
  assertEquals(mailbox.take(), []);
});

Deno.test("G11 a mailbox that is full gives up for good and holds nothing any more", () => {
  const mailbox = new Mailbox(10);
  mailbox.offer(entry("1-0", 6));
  mailbox.offer(entry("2-0", 6));
  assert(mailbox.overflowed);
  mailbox.offer(entry("3-0"));
  assertEquals(mailbox.take(), []);
});

Deno.test("Mailbox has room again for what was taken", () => {
  const mailbox = new Mailbox(10);
  for (let i = 1; i < 100; i++) {
    mailbox.offer(entry(`${i}-0`, 9));
    assertEquals(mailbox.take().length, 1);
  }
  assert(!mailbox.overflowed);
});
