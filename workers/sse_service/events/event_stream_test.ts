import { assertEquals } from "@std/assert";
import { createParser } from "eventsource-parser";
import { HEARTBEAT, PREAMBLE, RETRY_MS, sseEvent } from "./event_stream.ts";

Deno.test("sseEvent() is read back by a stock parser with name, id and data", () => {
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const events: unknown[] = [];
  let retry: number | undefined;
  const parser = createParser({
    onEvent: ({ event, id, data }) => events.push({ event, id, data }),
    onRetry: (ms) => retry = ms,
  });
  parser.feed(
    text(PREAMBLE) + sseEvent("logs", "g_1-0_2-0_3-0", `{"line":"a\\nb: c"}`) + text(HEARTBEAT) +
      sseEvent("end", "x", "{}"),
  );
  assertEquals(retry, RETRY_MS);
  assertEquals(events, [
    { event: "logs", id: "g_1-0_2-0_3-0", data: `{"line":"a\\nb: c"}` },
    { event: "end", id: "x", data: "{}" },
  ]);
});
