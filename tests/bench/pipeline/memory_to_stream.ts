/**
 * (a) Lines that are in memory already → log stream, against redis-benchmark's pipelined XADD of the same payload.
 *
 * @module
 */
import { encodeLogEvent } from "lib/event/codec.ts";
import { silentLogger as log } from "lib/run/log.ts";
import { LogRecord } from "lib/stream/log_record.ts";
import { openRedis } from "lib/stream/open_redis.ts";
import { tempRedis } from "lib/testing/servers.ts";
import { NOTHING_PUBLISHED } from "../../../workers/log_forwarder/cursor.ts";
import { LinePublisher } from "../../../workers/log_forwarder/line_publisher.ts";
import { lineEvent } from "../../../workers/log_forwarder/log_events.ts";
import { compare } from "./compare.ts";
import { lineAt, subjectOf } from "./lines_in_memory.ts";
import type { BenchOptions, Figure } from "./measurement.ts";

const LINES = 200_000;
/** As many as the log forwarder publishes at once. */
const BATCH = 1_000;
const STREAM = "bench-stream";

/** Measures the forwarder's publisher in this process: event, id, JSON, script, and the answer of Redis. */
export async function memoryToStream(options: BenchOptions): Promise<Figure> {
  await using server = await tempRedis();
  await using redis = openRedis(server.url, { name: "bench", log });
  const record = new LogRecord(redis, "bench");
  const payload = encodeLogEvent(lineEvent(subjectOf(0), lineAt(0)));
  await redis.ping();
  let run = 0;
  return await compare({
    name: "lines in memory → log stream",
    unit: "lines/s",
    baseline: "redis-benchmark XADD",
    target: 0.6,
    runOurs: async () => {
      const publisher = new LinePublisher(subjectOf(++run), null, {
        record,
        streamOf: () => STREAM,
        maxlen: 5_000_000,
        log,
      });
      const batches = Array.from(
        { length: LINES / BATCH },
        (_, batch) => Array.from({ length: BATCH }, (_, index) => lineAt(batch * BATCH + index)),
      );
      const begin = performance.now();
      for (const [index, batch] of batches.entries()) {
        const cursor = { ...NOTHING_PUBLISHED, seq: (index + 1) * BATCH };
        await publisher.lines(batch, cursor, new AbortController().signal);
      }
      await publisher.settled();
      const ms = performance.now() - begin;
      await redis.unlink(STREAM);
      return LINES / (ms / 1_000);
    },
    runBaseline: async () => {
      const rate = await redisBenchmark(server, payload);
      await redis.unlink(STREAM);
      return rate;
    },
  }, options);
}

/** With its default of 50 connections and the pipeline of 16 that its manual shows; XADDs per second. */
async function redisBenchmark({ port, password }: { port: number; password: string }, payload: string) {
  const { success, stdout, stderr } = await new Deno.Command("redis-benchmark", {
    args: ["-p", `${port}`, "-a", password, "-P", "16", "-n", `${LINES}`, "--csv"]
      .concat("XADD", STREAM, "*", "data", payload),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`Cannot run redis-benchmark: ${new TextDecoder().decode(stderr)}`);
  // The name of the test, which holds commas of its own, then rps, then six latencies.
  const fields = new TextDecoder().decode(stdout).trim().split("\n").at(-1)?.split(",") ?? [];
  return Number(fields.at(-7)?.replaceAll('"', ""));
}
