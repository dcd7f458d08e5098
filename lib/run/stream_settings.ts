/**
 * Settings shared by every process that touches the streams: the reference's names and defaults (wire.md §1, §6).
 *
 * @module
 */
import { z } from "@zod/zod";
import { address, bool, int } from "./config.ts";
import { masterHostsFault } from "./net_hosts.ts";

/** Where Redis is, and what it must be like. */
export const redisSettings = {
  REDIS_URL: address("redis", "rediss", "redis+sentinel", "rediss+sentinel").default("redis://redis:6379/0")
    .describe(
      "Redis with the streams; `redis+sentinel://user:password@host1:26379,host2:26379/mymaster/0` asks Sentinel " +
        "for the primary (Sentinel's own login: `?sentinel_user=…&sentinel_password=…` behind it).",
    ),
  SENTINEL_MASTER_HOSTS: masterHosts().default("").describe(
    "Redis servers that Sentinel may name as the primary, now or later: `host`, `host:port` or " +
      "`network/bits:port`, divided by commas; the worker may connect to these. Empty: the sentinels' own hosts, and " +
      "port 6379 in the private IPv4 networks.",
  ),
  REDIS_ALLOW_UNSAFE: bool().default(false).describe(
    "Start although Redis evicts keys (`maxmemory-policy` other than `noeviction`), which loses events.",
  ),
};

/** Which streams there are. */
export const streamSettings = {
  ...redisSettings,
  STREAM_STATUS_BASE: z.string().default("stream:job-status").describe(
    "Status streams, sharded as `{base}:{shard}`.",
  ),
  STREAM_LOGS_BASE: z.string().default("stream:job-logs").describe(
    "Log streams, sharded as `{base}:{shard}`.",
  ),
  STREAM_WORKFLOW_BASE: z.string().default("stream:job-workflow").describe(
    "Workflow streams, sharded as `{base}:{shard}`.",
  ),
  STREAM_STATUS_DLQ: z.string().default("stream:job-status-dlq").describe(
    "Dead letters of the status streams.",
  ),
  STREAM_LOGS_DLQ: z.string().default("stream:job-logs-dlq").describe("Dead letters of the log streams."),
  STREAM_NUM_SHARDS: int(1, 1_024).default(8).describe("Shards per stream base; the same in every process."),
  STREAM_STATUS_MAXLEN: int(1).default(1_000_000).describe("Approximate cap of each status shard (entries)."),
  STREAM_LOGS_MAXLEN: int(1).default(5_000_000).describe("Approximate cap of each log shard (entries)."),
  STREAM_WORKFLOW_MAXLEN: int(1).default(100_000).describe(
    "Approximate cap of each workflow shard (entries).",
  ),
  STREAM_DLQ_MAXLEN: int(1).default(100_000).describe(
    "Approximate cap of each dead-letter stream (entries).",
  ),
};

/**
 * How shards are shared out among consumers, and what happens to entries that fail (wire.md §6). The reference's
 * `RECLAIM_MIN_IDLE_MS` and `RECLAIM_SWEEP_INTERVAL_MS` have no counterpart: a shard's new owner takes over all
 * that is pending at once, as the fence keeps the old one out.
 */
export const consumerSettings = {
  LEASE_TTL_MS: int(500).default(15_000).describe(
    "A shard's lease and a replica's heartbeat last this long (ms).",
  ),
  LEASE_REFRESH_INTERVAL_MS: int(50).default(5_000).describe(
    "Leases and heartbeat are refreshed this often (ms).",
  ),
  LEASE_ACQUIRE_INTERVAL_MS: int(50).default(2_000).describe(
    "Free shards are looked for, and surplus ones given back, this often (ms).",
  ),
  RECLAIM_MAX_DELIVERIES: int(1).default(5).describe(
    "An entry that fails for a reason of its own this often goes to the dead letters; outages do not count.",
  ),
  HANDLER_RETRIES: int(0).default(3).describe(
    "Quick retries of a failing entry before its job is held back.",
  ),
};

/** What is wrong with consumer settings that are well by themselves. */
export function consumerFaults(
  config: { LEASE_TTL_MS: number; LEASE_REFRESH_INTERVAL_MS: number; LEASE_ACQUIRE_INTERVAL_MS: number },
): string[] {
  const names = ["LEASE_REFRESH_INTERVAL_MS", "LEASE_ACQUIRE_INTERVAL_MS"] as const;
  return names.filter((name) => config[name] >= config.LEASE_TTL_MS).map((name) =>
    `${name} is ${config[name]}: expected less than LEASE_TTL_MS, which is ${config.LEASE_TTL_MS}`
  );
}

function masterHosts(): z.ZodType<string, string | undefined> {
  return z.string().superRefine((text, check) => {
    const fault = masterHostsFault(text);
    if (fault !== null) check.addIssue({ code: "custom", message: fault });
  });
}
