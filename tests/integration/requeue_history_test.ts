import { assertEquals } from "@std/assert";
import type { EventSourceMessage } from "eventsource-parser";
import { decodeLogEvent } from "lib/event/codec.ts";
import { DeadLetters } from "lib/stream/dead_letters/dead_letters.ts";
import { requeue } from "lib/stream/dead_letters/requeue.ts";
import { until } from "lib/testing/until.ts";
import { readEvents, type SseBench, startSseBench } from "./sse_bench.ts";

const DLQ = "stream:job-logs-dlq";
const GROUP = "log-consumer-group";

const linesOf = (events: readonly EventSourceMessage[]) =>
  events.filter(({ event }) => event === "logs").map(({ data }) => JSON.parse(data).line as string);

/** A client that reads on until told to stop. */
function follow(bench: SseBench, jobId: string) {
  const events: EventSourceMessage[] = [];
  const cut = new AbortController();
  const done = readEvents(`${bench.url}/events/${jobId}/logs`, {
    signal: cut.signal,
    enough: (event) => {
      events.push(event);
      return false;
    },
  });
  return {
    lines: () => linesOf(events),
    caughtUp: () => until("caught up", () => events.some(({ event }) => event === "caught-up")),
    [Symbol.asyncDispose]: async () => {
      cut.abort();
      await done;
    },
  };
}

const stored = async (bench: SseBench, jobId: string): Promise<string[]> => {
  const response = await fetch(`${bench.url}/logs/${jobId}/history`);
  return (await response.json()).lines.map(({ line }: { line: string }) => line);
};

async function putBack(bench: SseBench): Promise<string[]> {
  const letters = new DeadLetters(bench.redis, {
    dlq: DLQ,
    base: "stream:job-logs",
    numShards: 2,
    decode: decodeLogEvent,
  });
  const outcomes: string[] = [];
  for await (const done of requeue(letters, { filter: {} })) {
    outcomes.push(...done.map(({ outcome }) => outcome));
  }
  await until("acknowledged", async () => {
    const pending = await Promise.all(
      [0, 1].map((shard) => bench.redis.xpending(`stream:job-logs:${shard}`, GROUP) as Promise<[number]>),
    );
    return pending.every(([count]) => count === 0);
  });
  return outcomes;
}

Deno.test("G4 G9 a line that was dead-lettered and put back stands at its place in the log, once, and clients get it once", async () => {
  let broken = false;
  await using bench = await startSseBench({
    beforeStore: () => broken ? Promise.reject(new Error("out of paper")) : Promise.resolve(),
  });
  const jobs = ["job-a", "job-b"];
  await using early = follow(bench, "job-a");
  await early.caughtUp();
  for (const job of jobs) await bench.writeLines(job, 2);
  await until("stored", async () => (await stored(bench, "job-b")).length === 2);
  broken = true;
  for (const job of jobs) await bench.writeLines(job, 1);
  await until("dead-lettered", async () => await bench.redis.xlen(DLQ) === 2, 60_000);
  broken = false;
  await bench.writeLines("job-a", 2);
  await until("stored", async () => (await stored(bench, "job-a")).length === 4);
  assertEquals(await stored(bench, "job-a"), ["1", "2", "4", "5"]);
  await using between = follow(bench, "job-b");
  await between.caughtUp();
  assertEquals(between.lines(), ["1", "2"]);

  assertEquals(await putBack(bench), ["requeued", "requeued"]);
  await until("stored", async () => (await stored(bench, "job-a")).length >= 5);
  assertEquals(await stored(bench, "job-a"), ["1", "2", "3", "4", "5"]);
  for (const job of jobs) await bench.writeLines(job, 1);
  await until("told", () => early.lines().includes("6") && between.lines().includes("4"));
  assertEquals(early.lines(), ["1", "2", "3", "4", "5", "6"]);
  // Nothing came behind the dead-lettered line of this one: to its client the line is news.
  assertEquals(between.lines(), ["1", "2", "3", "4"]);
  await using late = follow(bench, "job-a");
  await late.caughtUp();
  assertEquals(late.lines(), ["1", "2", "3", "4", "5", "6"]);
});
