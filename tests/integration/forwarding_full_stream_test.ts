import { assert, assertEquals } from "@std/assert";
import { decodeLogEvent } from "lib/event/codec.ts";
import type { LogEvent } from "lib/event/log.ts";
import { shardKey, shardOf } from "lib/stream/keys.ts";
import { NO_DOCKER } from "lib/testing/test_containers.ts";
import { openForwarderBench, until } from "./forwarder_bench.ts";
import { assertLog, oneTo } from "./forwarding_truth.ts";

const MAXLEN = 3_000;

Deno.test({
  name:
    "G1 G5 a log many times as long as its stream may be waits for who stores it: nothing is trimmed unread",
  ignore: NO_DOCKER,
  fn: async () => {
    await using bench = await openForwarderBench();
    const logs = await bench.start("log_forwarder", { STREAM_LOGS_MAXLEN: String(MAXLEN) });
    const { redis } = bench;
    const { id } = await bench.containers.start("long", "seq 1 20000");
    const stream = shardKey("stream:job-logs", shardOf(bench.containers.nameOf("long"), 8));
    await until("the stream is full", () => logs.output().includes("has yet to store"));
    const full = await redis.xlen(stream);
    assert(full > MAXLEN / 2 && full <= MAXLEN, `${full} entries`);

    await redis.xgroup("CREATE", stream, "log-consumer-group", "0");
    const read: LogEvent[] = [];
    await until("all is read", async () => {
      const pages = await redis.xreadgroup(
        ...["GROUP", "log-consumer-group", "test", "COUNT", 400, "STREAMS", stream, ">"] as const,
      ) as [string, [string, string[]][]][] | null;
      const entries = pages?.[0]?.[1] ?? [];
      read.push(...entries.map(([, fields]) => decodeLogEvent(fields[1] ?? "")));
      if (entries.length > 0) await redis.xack(stream, "log-consumer-group", ...entries.map(([id]) => id));
      return read.at(-1)?.eos;
    }, 240_000);
    assertEquals(new Set(read.map(({ container_id }) => container_id)), new Set([id]));
    assertLog(read, oneTo(20_000));
    assertEquals(await logs.stop(), 0);
  },
});
