import { assertEquals } from "@std/assert";
import { EventsBody } from "./events_body.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
const chunk = (text: string) => decoder.decode(EventsBody.chunk(text));

/** What comes out when `text` goes in, `size` bytes at a time. */
function read(text: string, size: number) {
  const body = new EventsBody();
  const bytes = encoder.encode(text);
  const parts = [];
  for (let at = 0; at < bytes.length; at += size) parts.push(...body.read(bytes.slice(at, at + size)));
  return parts;
}

Deno.test("EventsBody finds each notification, however the answer is cut", () => {
  const answer = HEAD + chunk('{"a":"é"}\n') + chunk('{"b":') + chunk('2}\n{"c":3}\n');
  for (const size of [1, 2, 3, 7, 10_000]) {
    const lines = read(answer, size).flatMap((part) => part.kind === "line" ? [part.text] : []);
    assertEquals(lines, ['{"a":"é"}\n', '{"b":2}\n', '{"c":3}\n']);
  }
});

Deno.test("EventsBody's parts, written one after the other, are the same answer", () => {
  const answer = HEAD + chunk('{"a":1}\n') + chunk('{"b":2}\n');
  for (const size of [1, 5, 10_000]) {
    assertEquals(read(answer, size).map(({ bytes }) => decoder.decode(bytes)).join(""), answer);
  }
});

Deno.test("EventsBody lets an answer pass that is no endless one", () => {
  const refusal = 'HTTP/1.1 500 Internal Server Error\r\nContent-Length: 13\r\n\r\n{"message":1}';
  assertEquals(read(refusal, 4).map(({ bytes }) => decoder.decode(bytes)).join(""), refusal);
});
