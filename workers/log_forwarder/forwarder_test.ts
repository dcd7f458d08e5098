import { assertEquals } from "@std/assert";
import { encodeCursor, NOTHING_PUBLISHED } from "./cursor.ts";
import { unfinished } from "./forwarder.ts";

Deno.test("unfinished() keeps what runs, what was never read, and what has no end-of-stream marker yet", () => {
  const begun = encodeCursor({ ...NOTHING_PUBLISHED, seq: 3 });
  const told = encodeCursor({ ...NOTHING_PUBLISHED, seq: 3, eos: "2026-01-15T12:00:00Z" });
  const container = (id: string, running: boolean) => ({ id, running });
  assertEquals(
    unfinished(
      [
        container("runs-again", true),
        container("unread", false),
        container("begun", false),
        container("told", false),
      ],
      [told, null, begun, told],
    ),
    ["runs-again", "unread", "begun"],
  );
});
