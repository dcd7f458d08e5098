import { assertEquals } from "@std/assert";
import { letterRange, matches } from "./letter_filter.ts";
import { foundLetter } from "./found_letter.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

function letter(id: string) {
  const fields = {
    data: '{"job_id":"a"}',
    reason: "Handler failed",
    error: "Paper jam",
    origin_stream: "s:1",
  };
  return foundLetter(id, Object.entries(fields).flat().map(bytes), () => {});
}

Deno.test("matches() wants everything that is given to hold", () => {
  const given = letter("2000-3");
  const fitting = {
    jobId: "a",
    reason: "handler",
    origin: "s:1",
    since: 2000,
    until: 2001,
    ids: ["1-0", "2000-3"],
  };
  assertEquals(matches({}, given), true);
  assertEquals(matches({ ...fitting, upTo: "2000-3" }, given), true);
  const others = {
    jobId: "b",
    reason: "ink",
    origin: "s",
    since: 2001,
    until: 2000,
    ids: ["2000-2"],
    upTo: "2000-2",
  };
  for (const [name, value] of Object.entries(others)) {
    assertEquals(matches({ ...fitting, [name]: value }, given), false, name);
  }
});

Deno.test("letterRange() leaves out nothing that matches, and begins behind the last letter seen", () => {
  assertEquals(letterRange({}), { from: "0-0", to: "+" });
  assertEquals(letterRange({}, "5-1"), { from: "(5-1", to: "+" });
  assertEquals(letterRange({ since: 10, until: 20 }), { from: "10-0", to: "(20-0" });
  assertEquals(letterRange({ since: 10 }, "9-5"), { from: "10-0", to: "+" });
  assertEquals(letterRange({ since: 10 }, "10-0"), { from: "(10-0", to: "+" });
  assertEquals(letterRange({ ids: ["10-0", "9-0", "9-10", "9-2"] }), { from: "9-0", to: "10-0" });
  assertEquals(letterRange({ upTo: "7-7" }), { from: "0-0", to: "7-7" });
});
