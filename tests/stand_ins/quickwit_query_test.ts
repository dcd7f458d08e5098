import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { entriesQuery, eventsQuery } from "lib/log_store/quickwit_query.ts";
import { parseQuery, type Query } from "./quickwit_query.ts";

const FROM = { entryId: "12-3", inclusive: true };

Deno.test("entriesQuery() asks for one job and a range, whatever the job is called", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), fc.string(), (jobId, jobType) => {
    const query = parseQuery(entriesQuery(jobId, { jobType, before: "20-0", withMarkers: false }, FROM));
    const parts = query.kind === "and" ? query.parts : [];
    const texts = parts.filter((part): part is Extract<Query, { kind: "text" }> => part.kind === "text");
    assertEquals(texts, [
      { kind: "text", field: "job_id", text: jobId },
      { kind: "text", field: "job_type", text: jobType },
      { kind: "text", field: "eos", text: "false" },
    ]);
    assertEquals(parts.length, 5);
  }));
});

Deno.test("entriesQuery() begins at an entry or after it, and ends before one", () => {
  const later = "(entry_ms:{12 TO *] OR (entry_ms:[12 TO 12] AND entry_seq:";
  const job = 'job_id:"j"';
  assertEquals(entriesQuery("j", { withMarkers: true }, FROM), `${job} AND ${later}[3 TO *]))`);
  assertEquals(
    entriesQuery("j", { withMarkers: true, before: "13-0" }, { ...FROM, inclusive: false }),
    `${job} AND ${later}{3 TO *])) AND (entry_ms:[* TO 13} OR (entry_ms:[13 TO 13] AND entry_seq:[* TO 0}))`,
  );
});

Deno.test("eventsQuery() asks for any ids, as they are", () => {
  const ids = fc.array(fc.string({ unit: "binary" }), { minLength: 1 });
  fc.assert(fc.property(ids, (given) => {
    assertEquals(parseQuery(eventsQuery(given)), { kind: "set", field: "event_id", texts: new Set(given) });
  }));
});
