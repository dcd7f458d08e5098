import { assertEquals } from "@std/assert";
import type { Redis } from "ioredis";
import { type Logger, silentLogger } from "lib/run/log.ts";
import { VirtualTime } from "lib/testing/virtual_time.ts";
import { acknowledgedUpTo, readPage, readRange, tail } from "./tail.ts";

/** What tests let stand for Redis: the commands that the code under test calls. */
const redisOf = (commands: Record<string, (...args: unknown[]) => Promise<unknown>>) =>
  commands as unknown as Redis;

/** Entries `1-0` to `{count}-0`; those of `dataless` have no field `data`. */
function streamOf(count: number, dataless: readonly number[] = []) {
  const entries = Array.from({ length: count }, (_, index) => {
    const number = index + 1;
    return [`${number}-0`, [dataless.includes(number) ? "other" : "data", `text ${number}`]] as const;
  });
  return redisOf({
    xrange: (_stream, from, _to, _count, most) => {
      const after = Number.parseInt(String(from).slice(1));
      return Promise.resolve(entries.slice(after, after + Number(most)));
    },
  });
}

Deno.test("G8 tail() tells of each outage once, and comes back from the tenth as quickly as from the first", async () => {
  using time = new VirtualTime();
  const warnings: unknown[] = [];
  const log: Logger = { ...silentLogger, warn: (...args: unknown[]) => warnings.push(args) };
  const stop = new AbortController();
  let reads = 0;
  const redis = redisOf({
    xread: () =>
      ++reads % 3 === 0
        ? Promise.resolve([["a", [[`${reads}-0`, ["data", "text"]]]]])
        : Promise.reject(new Error("away")),
  });
  const pauses: number[] = [];
  let before = time.now();
  for await (const _ of tail(redis, new Map([["a", "0-0"]]), { signal: stop.signal, log })) {
    pauses.push(time.now() - before);
    before = time.now();
    if (pauses.length === 10) stop.abort();
  }
  assertEquals(warnings.length, 10);
  assertEquals(pauses.filter((ms) => ms > 200 + 400), []);
});

Deno.test("readPage() goes on behind entries without data: they are no end of the stream", async () => {
  const redis = streamOf(5, [2, 4]);
  const range = { after: "0-0", until: "+", count: 2 };
  assertEquals(await readPage(redis, "a", range), {
    entries: [{ id: "1-0", position: "1-0", data: "text 1" }],
    last: "2-0",
  });
  const pages = await Array.fromAsync(readRange(redis, "a", range));
  assertEquals(pages.flat().map(({ id }) => id), ["1-0", "3-0", "5-0"]);
});

Deno.test("G10 acknowledgedUpTo() counts nothing as acknowledged that is taken while it asks", async () => {
  let taken = 0;
  /** Between any two questions somebody takes one entry more, and acknowledges none. */
  const first = (answer: () => unknown) => {
    const given = answer();
    taken++;
    return Promise.resolve(given);
  };
  const redis = redisOf({
    xinfo: () => first(() => [["name", "group", "last-delivered-id", `${taken}-0`]]),
    xpending: () => first(() => taken === 0 ? [0, null] : [taken, "1-0"]),
  });
  assertEquals((await acknowledgedUpTo(redis, "a", "group")).split("-")[0], "0");
});
