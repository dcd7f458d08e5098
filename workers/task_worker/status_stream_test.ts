import { assertEquals, assertRejects } from "@std/assert";
import type { Redis } from "ioredis";
import { StatusEvent } from "lib/event/status.ts";
import { OutageError } from "lib/run/outage_error.ts";
import { isOverdue } from "./missed_statuses.ts";
import { reportIn, StatusStream } from "./status_stream.ts";

const event = StatusEvent.parse({
  event_id: "event-1",
  job_id: "trial-1",
  job_type: "plugin",
  status: "started",
  timestamp: "2026-01-15T10:00:00+00:00",
  source: "docker",
});

Deno.test("reportIn() finds the state in an entry, whatever fields stand beside it", () => {
  const data = JSON.stringify(event);
  assertEquals(reportIn(["1-0", ["data", data]]), { entryId: "1-0", event });
  assertEquals(reportIn(["1-0", ["other", "data", "data", data]]), { entryId: "1-0", event });
});

Deno.test("reportIn() finds nothing in confirmations and in what nobody can read", () => {
  const confirmation = JSON.stringify({ ...event, status: "confirmed_undefined" });
  for (const data of [confirmation, "no JSON", "{}"]) assertEquals(reportIn(["1-0", ["data", data]]), null);
  assertEquals(reportIn(["1-0", ["other", "data"]]), null);
});

Deno.test("G8 StatusStream calls it an outage when Redis refuses", async () => {
  const refuse = () => Promise.reject(new Error("LOADING"));
  const redis = { xrange: refuse, xrevrange: refuse, time: refuse } as unknown as Redis;
  const stream = new StatusStream(redis, { base: "stream:job-status", numShards: 1 });
  await assertRejects(() => stream.reports(0, "0-0"), OutageError);
  await assertRejects(() => stream.newest(0, "0-0"), OutageError);
  await assertRejects(() => stream.now(), OutageError);
});

Deno.test("StatusStream reads past pages without a state, in both directions", async () => {
  const confirmation = JSON.stringify({ ...event, status: "confirmed_undefined" });
  const entries = Array.from({ length: 1_001 }, (_, n): [string, string[]] => [
    `${n + 1}-0`,
    ["data", n === 500 ? JSON.stringify(event) : confirmation],
  ]);
  const at = (id: string) => id === "+" ? Infinity : Number(id.replace("(", "").split("-")[0]);
  const between = (from: string, to: string) =>
    entries.filter(([id]) => at(id) > at(from) && at(id) < at(to));
  const redis = {
    xrange: (_: string, from: string, to: string, __: string, count: number) =>
      Promise.resolve(between(from, to).slice(0, count)),
    xrevrange: (_: string, to: string, from: string, __: string, count: number) =>
      Promise.resolve(between(from, to).toReversed().slice(0, count)),
  } as unknown as Redis;
  const stream = new StatusStream(redis, { base: "stream:job-status", numShards: 1 });
  assertEquals(await stream.reports(0, "0-0"), [{ entryId: "501-0", event }]);
  assertEquals(await stream.newest(0, "0-0"), { entryId: "501-0", event });
  assertEquals(await stream.reports(0, "0-0", "501-0"), []);
  assertEquals(await stream.newest(0, "501-0"), null);
});

Deno.test("StatusStream reads few states at once where they are long", async () => {
  const data = JSON.stringify({ ...event, cmd: "x".repeat(200_000) });
  const asked: number[] = [];
  const xrange = (_: string, from: string, __: string, ___: string, count: number) => {
    asked.push(count);
    const first = Number(from.slice(1).split("-")[0]) + 1;
    return Promise.resolve(Array.from({ length: count }, (_, n) => [`${first + n}-0`, ["data", data]]));
  };
  const stream = new StatusStream({ xrange } as unknown as Redis, {
    base: "stream:job-status",
    numShards: 1,
  });
  await stream.reports(0, "0-0");
  await stream.reports(0, "64-0");
  assertEquals(asked, [64, 10]);
});

Deno.test("StatusStream reads a shard once for a run of questions, and anew for what came since", async () => {
  const entries = Array.from(
    { length: 6 },
    (_, n): [string, string[]] => [`${n + 1}-0`, ["data", JSON.stringify(event)]],
  );
  let readings = 0;
  const xrange = (_: string, from: string) => {
    readings++;
    return Promise.resolve(entries.filter(([id]) => id > from.slice(1)));
  };
  const stream = new StatusStream({ xrange } as unknown as Redis, {
    base: "stream:job-status",
    numShards: 1,
  });
  const ids = async (after: string, before?: string) =>
    (await stream.reports(0, after, before)).map(({ entryId }) => entryId);
  assertEquals(await ids("0-0", "3-0"), ["1-0", "2-0"]);
  assertEquals(await ids("2-0", "3-0"), []);
  assertEquals(await ids("1-0", "6-0"), ["2-0", "3-0", "4-0", "5-0"]);
  assertEquals(readings, 1);
  entries.push(["7-0", ["data", JSON.stringify(event)]], ["8-0", ["data", JSON.stringify(event)]]);
  assertEquals(await ids("6-0", "8-0"), ["7-0"]);
  assertEquals(await ids("7-0"), ["8-0"]);
  assertEquals(readings, 3);
  assertEquals(await ids("2-0", "4-0"), ["3-0"], "what lies before what was read");
});

Deno.test("isOverdue() gives a state its time to be recorded", () => {
  assertEquals(isOverdue("10000-3", 14_999, 5_000), false);
  assertEquals(isOverdue("10000-3", 15_001, 5_000), true);
});
