import { assertEquals } from "@std/assert";
import { LogBuffer } from "./log_buffer.js";
import { LogFeed } from "./log_feed.js";

function setup() {
  const buffer = new LogBuffer();
  const feed = new LogFeed(buffer);
  const shown = () =>
    Array.from({ length: buffer.end }, (_, i) => {
      const { kind, step, seq, text } = buffer.line(i);
      return [kind, step, seq, text];
    });
  return { feed, shown };
}

const line = (seq: number | undefined, text: string, container_id = "c1") => ({
  job_type: "plugin",
  line: text,
  stream: "stdout",
  eos: false,
  timestamp: "2026-01-15T12:00:00+00:00",
  container_id,
  ...(seq === undefined ? {} : { seq }),
});

Deno.test("LogFeed shows lines with their numbers, and the end of a log with its count", () => {
  const { feed, shown } = setup();
  feed.log(line(1, "a"));
  feed.log(line(2, ""));
  feed.log({ ...line(2, ""), eos: true });
  assertEquals(shown(), [
    ["line", "plugin", 1, "a"],
    ["line", "plugin", 2, ""],
    ["end", "plugin", 0, "End of the plugin log: 2 lines"],
  ]);
});

Deno.test("LogFeed counts lines itself where the forwarder does not", () => {
  const { feed, shown } = setup();
  for (const text of ["a", "b"]) feed.log(line(undefined, text));
  feed.log({ ...line(undefined, ""), eos: true });
  assertEquals(shown().map(([kind, , seq]) => [kind, seq]), [["line", 1], ["line", 2], ["end", 0]]);
});

Deno.test("G10 LogFeed says how many lines are missing at the end of a log", () => {
  const { feed, shown } = setup();
  feed.log(line(1, "a"));
  feed.log(line(1, "of another container", "c2"));
  feed.log({ ...line(4, ""), eos: true });
  assertEquals(shown().at(-2), [
    "gap",
    "plugin",
    0,
    "3 lines at the end of the plugin log did not arrive here",
  ]);
  feed.log({ ...line(1, "", "c2"), eos: true });
  assertEquals(shown().at(-1), ["end", "plugin", 0, "End of the plugin log: 1 line"]);
});

Deno.test("LogFeed misses nothing at the end of a container that was started again and wrote nothing more", () => {
  const { feed, shown } = setup();
  feed.log(line(1, "a"));
  for (const seq of [1, 1, 3, 3]) feed.log({ ...line(seq, ""), eos: true });
  assertEquals(shown().map(([kind]) => kind), ["line", "end", "end", "gap", "end", "end"]);
});

Deno.test("G10 LogFeed shows a gap where it is, with its reason", () => {
  const { feed, shown } = setup();
  feed.gap({ from: "1-0", to: "9-0", reason: "the stream was trimmed" });
  feed.gap({});
  assertEquals(shown().map((row) => row[3]), [
    "Lines are missing here: the stream was trimmed",
    "Lines are missing here: no reason was given",
  ]);
});

Deno.test("G1 LogFeed shows that the runtime dropped lines before this one, or before the end", () => {
  const { feed, shown } = setup();
  feed.log({ ...line(1, "a"), gap: true });
  feed.log({ ...line(1, ""), eos: true, gap: true });
  const missing = "Lines may be missing here: the runtime dropped what was unread";
  assertEquals(shown().map((row) => row[3]), [missing, "a", missing, "End of the plugin log: 1 line"]);
});

Deno.test("LogFeed shows an event of unknown shape as an empty line rather than failing", () => {
  const { feed, shown } = setup();
  feed.log({ line: 7, seq: "x", timestamp: null });
  assertEquals(shown(), [["line", "", 1, ""]]);
});

Deno.test("LogFeed tells a step's second container from its first, and knows the place of each line", () => {
  const { feed, shown } = setup();
  feed.log(line(1, "a"));
  feed.log({ ...line(1, ""), eos: true });
  feed.log(line(1, "b", "c2"));
  assertEquals(shown().slice(2), [
    ["run", "plugin", 0, "The plugin step runs again: container 2"],
    ["line", "plugin", 1, "b"],
  ]);
  assertEquals(feed.linkOf(line(1, "b", "c2")), { step: "plugin", seq: 1, run: 2 });
  assertEquals([feed.linkOf(line(1, "c", "c3")), feed.linkOf(line(undefined, "a"))], [null, null]);
});

Deno.test("LogFeed says which lines are missing, where the service knows", () => {
  const { feed, shown } = setup();
  feed.gap({ job_type: "plugin", from: 5, to: 1200, reason: "lost" });
  feed.gap({ job_type: "plugin", from: 5, to: 5, reason: "lost" });
  assertEquals(shown().map(([, , , text]) => text), [
    "Lines 5 to 1,200 are missing here: lost",
    "Line 5 is missing here: lost",
  ]);
});
