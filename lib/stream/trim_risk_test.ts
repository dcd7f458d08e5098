import { assertEquals } from "@std/assert";
import { readBacklog, trimRisk } from "./trim_risk.ts";

const backlog = (...unread: (number | null)[]) => ({
  length: 100,
  groups: unread.map((unread, index) => ({ name: `group-${index}`, unread })),
});

Deno.test("trimRisk() names the slowest group once it has four fifths of the cap before it", () => {
  const at = { maxlen: 100, warned: false };
  assertEquals(trimRisk(backlog(0, 79, 3), at), null);
  assertEquals(trimRisk(backlog(0, 80, 3), at), { group: "group-1", unread: 80 });
  assertEquals(trimRisk(backlog(85, 90), at), { group: "group-1", unread: 90 });
  assertEquals(trimRisk(backlog(), at), null);
});

Deno.test("trimRisk() ends well below where it began, so that one crossing is one warning", () => {
  assertEquals(trimRisk(backlog(70), { maxlen: 100, warned: true }), { group: "group-0", unread: 70 });
  assertEquals(trimRisk(backlog(59), { maxlen: 100, warned: true }), null);
});

Deno.test("trimRisk() is not alarmed by a group of which Redis cannot tell how far it is", () => {
  assertEquals(trimRisk(backlog(null), { maxlen: 1, warned: false }), null);
  assertEquals(trimRisk(backlog(null, 99), { maxlen: 100, warned: false }), { group: "group-1", unread: 99 });
});

const stream = (fields: Record<string, unknown>) => {
  const all = { "length": 10, "last-generated-id": "30-0", "entries-added": 30, "first-entry": ["21-0", []] };
  return Object.entries({ ...all, ...fields }).flat();
};
const group = (fields: Record<string, unknown>) =>
  Object.entries({ "name": "g", "last-delivered-id": "25-0", "entries-read": 25, "lag": 5, ...fields })
    .flat();
const unreadOf = (groupFields: Record<string, unknown>, streamFields: Record<string, unknown> = {}) =>
  readBacklog(stream(streamFields), [group(groupFields)]).groups[0]?.unread;

Deno.test("readBacklog() takes the lag, but never more than the stream holds", () => {
  assertEquals(unreadOf({}), 5);
  assertEquals(unreadOf({ lag: 400 }), 10);
});

Deno.test("readBacklog() does without a lag where the ids say enough, and says so where they do not", () => {
  assertEquals(unreadOf({ "lag": null, "last-delivered-id": "30-0" }), 0);
  assertEquals(unreadOf({ "lag": null, "last-delivered-id": "7-0" }), 10);
  assertEquals(unreadOf({ lag: null }), 5);
  assertEquals(unreadOf({ "lag": null, "entries-read": null }), null);
  assertEquals(unreadOf({ "lag": null }, { "entries-added": undefined }), null);
});
