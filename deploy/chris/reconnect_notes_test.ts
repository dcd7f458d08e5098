import { assertEquals } from "@std/assert";
import { ChrisOutageError } from "lib/client/chris_client.ts";
import { ReconnectNotes } from "./reconnect_notes.ts";

Deno.test("ReconnectNotes tells of an outage once, and of its end, and of no cut that is mended at once", () => {
  const told: string[] = [];
  const notes = new ReconnectNotes((text) => told.push(text.replace(/;.*/, "")));
  const cause = new ChrisOutageError("the stream broke off");
  for (const failures of [1, 0, 1, 2, 3, 0, 0]) {
    if (failures === 0) notes.heard();
    else notes.lost({ cause, delayMs: 1, failures });
  }
  assertEquals(told, ["the stream broke off", "connected again, nothing was lost"]);
});
