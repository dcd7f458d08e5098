/**
 * How full the streams are and how far their consumers have come: one question to Redis for all of it.
 *
 * @module
 */
import type { Redis } from "ioredis";
import { OutageError } from "lib/run/outage_error.ts";
import { entryIdParts } from "lib/stream/entry_id.ts";
import { shardKeys } from "lib/stream/keys.ts";
import type { Metrics } from "./schemas.ts";

/** A base with its consumer group and dead letters. */
export interface MeasuredStream {
  readonly base: string;
  readonly group: string;
  readonly dlq: string;
}

/** What is measured. */
export interface Measured {
  readonly numShards: number;
  readonly status: MeasuredStream;
  readonly logs: MeasuredStream;
  readonly workflow: { readonly base: string };
}

/** What is measured of the streams. */
export type StreamFigures = Omit<Metrics, "clients">;

/**
 * Looks at all shards at once.
 *
 * @throws {OutageError} if Redis is away.
 */
export async function measure(redis: Redis, { numShards, ...bases }: Measured): Promise<StreamFigures> {
  const pipeline = redis.pipeline().time();
  for (const { base, group, dlq } of [bases.status, bases.logs]) {
    pipeline.xlen(dlq);
    for (const [shard, stream] of shardKeys(base, numShards).entries()) {
      pipeline.xlen(stream).xinfo("GROUPS", stream).xpending(stream, group)
        .get(`chris:lease:${group}:lease:${shard}`).get(`chris:trimmed:${group}:${stream}`);
    }
  }
  for (const stream of shardKeys(bases.workflow.base, numShards)) pipeline.xlen(stream);
  const answers = answersOf(await pipeline.exec());
  const [seconds] = answers() as [string];
  const figures = ({ base, group }: MeasuredStream): Metrics["status"] => {
    const dlq_xlen = Number(answers());
    const shards = shardKeys(base, numShards).map((stream) => {
      return shardFigures({ stream, group, now: Number(seconds) * 1_000 }, answers);
    });
    return { shards, dlq_xlen };
  };
  return {
    status: figures(bases.status),
    logs: figures(bases.logs),
    workflow: {
      shards: shardKeys(bases.workflow.base, numShards).map((stream) => ({
        stream,
        xlen: Number(answers()),
      })),
    },
  };
}

function shardFigures(
  { stream, group, now }: { stream: string; group: string; now: number },
  answers: () => unknown,
): Metrics["status"]["shards"][number] {
  const xlen = Number(answers());
  const groups = (answers() ?? []) as unknown[][];
  const [pending, oldest] = (answers() ?? [0, null]) as [number, string | null];
  const owner = answers() as string | null;
  const trimmed = Number(answers() ?? 0);
  const info = groups.find((fields) => fields[fields.indexOf("name") + 1] === group);
  const lag = info?.[info.indexOf("lag") + 1];
  return {
    stream,
    xlen,
    pending,
    lag: typeof lag === "number" ? lag : null,
    oldest_pending_ms: oldest === null ? null : Math.max(0, now - entryIdParts(oldest)[0]),
    owner,
    trimmed,
  };
}

/** One answer after the other; null for what there is not (a stream that nobody wrote, a group that nobody made). */
function answersOf(replies: [Error | null, unknown][] | null): () => unknown {
  const rest = (replies ?? []).values();
  return () => {
    const { value, done } = rest.next();
    if (done) throw new OutageError("redis", "look at the streams", { cause: new Error("no answer") });
    const [error, answer] = value;
    if (!error) return answer;
    if (/NOGROUP|no such key/i.test(error.message)) return null;
    throw new OutageError("redis", "look at the streams", { cause: error });
  };
}
