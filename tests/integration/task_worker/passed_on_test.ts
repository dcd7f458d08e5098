import { assert, assertEquals } from "@std/assert";
import { encodeLogEvent } from "lib/event/codec.ts";
import { logEventId } from "lib/event/event_id.ts";
import { silentLogger as log } from "lib/run/log.ts";
import { openRedis, type RedisResource } from "lib/stream/open_redis.ts";
import { tempRedis } from "lib/testing/servers.ts";
import { isPassedOn, linesOf } from "../../../workers/task_worker/passed_on.ts";

const STREAM = "stream:job-logs:0";
const ID = "1".padStart(64, "0");
const PRINTED_AT = Date.UTC(2026, 0, 15, 12, 0, 0);

/** The log stream of a container of trial-1's plugin, and what pfcon shows of its log. */
async function openLog() {
  const stack = new AsyncDisposableStack();
  const server = stack.use(await tempRedis());
  const redis: RedisResource = stack.use(openRedis(server.url, { name: "test", log }));
  const target = { jobId: "trial-1", step: "plugin" } as const;
  return {
    /** Lines as the log forwarder publishes them, each at its own millisecond. */
    async publish(lines: readonly string[], { jobId = "trial-1", container = ID, from = PRINTED_AT } = {}) {
      const pipeline = redis.pipeline();
      for (const [index, line] of lines.entries()) {
        const timestamp = "2026-01-15T12:00:00+00:00";
        const fact = {
          job_id: jobId,
          job_type: "plugin",
          container_name: jobId,
          stream: "stdout",
          timestamp,
          line,
        } as const;
        const event = {
          event_id: logEventId(fact, index + 1),
          ...fact,
          eos: false,
          container_id: container,
          seq: index + 1,
        };
        pipeline.xadd(STREAM, `${from + index}-0`, "data", encodeLogEvent(event));
      }
      await pipeline.exec();
    },
    redis,
    /** How many lines the log forwarder has published, and when the last one was printed. */
    async counted(seq: number, printedAt = PRINTED_AT) {
      const time = new Date(printedAt).toISOString().replace("Z", "000000Z");
      const at = { stdout: { time, count: 1, latest: time } };
      const cursor = JSON.stringify({ since: null, at, seq, eos: null });
      await redis.set(`chris:log-forwarder:cursor:${ID}`, cursor);
    },
    /** `rest`: what is printed of the next line. */
    isPassedOn: (shown: readonly string[], rest = "", through: RedisResource = redis) =>
      isPassedOn(through, {
        target,
        stream: STREAM,
        container: { current: ID, earlier: [] },
        tail: shown.map((line) => `${line}\n`).join("") + rest,
      }),
    isToldPassedOn: (shown: readonly string[], others: readonly string[]) =>
      isPassedOn(redis, {
        target,
        stream: STREAM,
        container: { current: null, earlier: others },
        tail: shown.map((line) => `${line}\n`).join(""),
      }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function numbered(count: number, from = 1): string[] {
  return Array.from({ length: count }, (_, index) => `line ${from + index}`);
}

Deno.test("G5 a log whose lines repeat each other is not passed on as long as some are missing", async () => {
  await using log = await openLog();
  const shown = [...numbered(3), "tick", "tick", "tick"];
  await log.publish(shown.slice(0, 4));
  await log.counted(4);
  assertEquals(await log.isPassedOn(shown), false);
  await log.publish(shown.slice(4), { from: PRINTED_AT + 4 });
  await log.counted(6);
  assertEquals(await log.isPassedOn(shown), true);
  await log.publish(["more"], { from: PRINTED_AT + 6 });
  await log.counted(7);
  assertEquals(await log.isPassedOn(shown), true, "what was printed since the look is no hindrance");
});

Deno.test("G5 a log of one line over and over is not passed on as long as the last of them is missing", async () => {
  await using log = await openLog();
  const shown = Array.from({ length: 80 }, () => "tick");
  await log.publish(shown.slice(0, 79));
  await log.counted(79);
  assertEquals(await log.isPassedOn(shown), false);
  await log.publish(["tick"], { from: PRINTED_AT + 79 });
  await log.counted(80);
  assertEquals(await log.isPassedOn(shown), true);
});

Deno.test("G5 lines that happen to be as many as pfcon shows at most are not taken for the whole log", async () => {
  await using log = await openLog();
  await log.publish(numbered(1_000));
  await log.counted(1_000);
  assertEquals(await log.isPassedOn(numbered(1_000, 501)), false);
  assertEquals(await log.isPassedOn(numbered(1_000)), true);
});

Deno.test("a log that has long been silent is found passed on, however much other jobs print", async () => {
  await using log = await openLog();
  await log.publish(numbered(1_200));
  await log.counted(1_200, PRINTED_AT + 1_199);
  await log.publish(numbered(21_000), { jobId: "trial-2", from: PRINTED_AT + 100_000 });
  assertEquals(await log.isPassedOn(numbered(1_000, 201)), true);
  assertEquals(await log.isPassedOn([...numbered(999, 202), "another"]), false);
});

Deno.test("G5 the same lines of an earlier attempt's container prove nothing", async () => {
  await using log = await openLog();
  await log.publish(numbered(5));
  assertEquals(
    await log.isToldPassedOn(numbered(5), []),
    true,
    "nobody has told of this attempt's container",
  );
  assertEquals(await log.isToldPassedOn(numbered(5), [ID]), false);
});

Deno.test("G7 a line that never ends, as that of a progress bar, keeps nobody from stopping its container", async () => {
  await using log = await openLog();
  const rest = "10 %\r20 %\r".repeat(4_000); // the runtime stores what is longer than 16 KiB in pieces
  await log.publish(numbered(3));
  await log.counted(3);
  assertEquals(await log.isPassedOn(numbered(4), rest), false);
  assertEquals(await log.isPassedOn(numbered(3), rest), true);
});

Deno.test("G7 pieces of a long line between others are no hindrance, and no proof", async () => {
  await using log = await openLog();
  const piece = "10 %\r".repeat(2_731).slice(0, 16_384);
  const printed = [...numbered(1_100), "epoch 1", "epoch 2", `${piece}${piece}100 %`, "epoch 3"];
  await log.publish(printed);
  await log.counted(printed.length);
  const shown = (last: string) => [
    ...numbered(500, 601),
    `${piece}epoch 1`,
    `${piece}epoch 2`,
    "100 %",
    last,
  ];
  assertEquals(await log.isPassedOn(shown("epoch 3")), true);
  assertEquals(await log.isPassedOn([...shown("epoch 3"), "epoch 4"]), false);
  assertEquals(await log.isPassedOn(shown("a new epoch 3")), false, "only long lines come in pieces");
});

Deno.test("G5 in a stream of huge lines few are read at once, and no more than a worker can hold", async () => {
  await using log = await openLog();
  await log.publish(numbered(40));
  await log.counted(40, PRINTED_AT + 39);
  const huge = Array.from({ length: 200 }, () => "x".repeat(100_000));
  await log.publish(huge, { jobId: "trial-2", from: PRINTED_AT + 10_000 });
  const answers: number[] = [];
  const watched = new Proxy(log.redis, {
    get: (redis, key) => {
      if (key !== "xrevrange") return Reflect.get(redis, key).bind(redis);
      return async (...args: Parameters<typeof redis.xrevrange>) => {
        const entries = await redis.xrevrange(...args);
        answers.push(entries.length);
        return entries;
      };
    },
  });
  assertEquals(await log.isPassedOn([...numbered(38, 3), "another"], "", watched), false);
  assertEquals(await log.isPassedOn(numbered(39, 2), "", watched), true);
  assert(answers.every((count) => count <= 64), `at once: ${answers}`);
});

Deno.test("linesOf() gives whole lines, empty ones too", () => {
  assertEquals(linesOf(""), []);
  assertEquals(linesOf("one\n\ntwo\r\n"), ["one", "", "two\r"]);
  assertEquals(linesOf("one\nand the re"), ["one"], "the rest is none yet");
});
