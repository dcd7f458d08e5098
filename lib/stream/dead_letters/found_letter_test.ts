import { assertEquals } from "@std/assert";
import { decodeLogEvent } from "../../event/codec.ts";
import { foundLetter } from "./found_letter.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const EVENT = {
  event_id: "e",
  job_id: "job-a",
  job_type: "plugin",
  container_name: "c",
  line: "hello",
  stream: "stdout",
  eos: false,
  timestamp: "2026-01-15T10:00:00+00:00",
};

function found(data: Uint8Array | string, others: Record<string, string> = {}) {
  const fields = [bytes("data"), typeof data === "string" ? bytes(data) : data];
  return foundLetter("1000-0", [...fields, ...Object.entries(others).flat().map(bytes)], decodeLogEvent);
}

Deno.test("foundLetter() tells the job of bytes that consumers understand, and that they would", () => {
  const { jobId, fault, size } = found(JSON.stringify(EVENT));
  assertEquals([jobId, fault, size], ["job-a", null, JSON.stringify(EVENT).length]);
});

Deno.test("foundLetter() tells the job as far as the bytes name one, and why they are not understood", () => {
  const latin = new Uint8Array([...bytes('{"job_id":"job-b","line":"'), 0xe9, ...bytes('"}')]);
  assertEquals([found(latin).jobId, found(latin).fault], ["job-b", "its bytes are no UTF-8"]);
  assertEquals(found('{"job_id":"job-c"}').jobId, "job-c");
  assertEquals(found('{"job_id":"job-c"}').fault?.startsWith("Cannot decode log event: event_id:"), true);
  for (const text of ["", "null", "[1]", '{"job_id":7}', '{"job_id":""}', '["payload","elsewhere"]']) {
    assertEquals([found(text).jobId, found(text).fault === null], [null, false], text);
  }
});

Deno.test("foundLetter() makes do with fields that are missing or no numbers", () => {
  const empty = foundLetter("1000-0", [], decodeLogEvent);
  assertEquals([empty.originStream, empty.originId, empty.reason, empty.error], ["", "", "", null]);
  assertEquals([empty.at, empty.deliveries, empty.firstSeen, empty.size], [1000, null, null, 0]);
  const odd = found("", { ts: "soon", deliveries: "-1", first_seen: "9".repeat(30), reason: "r" });
  assertEquals([odd.at, odd.deliveries, odd.firstSeen, odd.reason], [1000, null, null, "r"]);
  const told = found("", {
    ts: "5",
    deliveries: "2",
    first_seen: "4",
    origin_stream: "s:1",
    origin_id: "3-1",
  });
  assertEquals([told.at, told.deliveries, told.firstSeen, told.originStream, told.originId], [
    5,
    2,
    4,
    "s:1",
    "3-1",
  ]);
});
