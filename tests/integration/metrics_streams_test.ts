/**
 * The figures of the streams and of what waits in the database, against what is really there.
 */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { silentLogger as log } from "lib/run/log.ts";
import { Metrics } from "lib/run/metrics.ts";
import { OutageError } from "lib/run/outage_error.ts";
import { backlog } from "lib/store/backlog_metrics.ts";
import { migrate } from "lib/store/migrate.ts";
import { openPostgres } from "lib/store/open.ts";
import { openRedis } from "lib/stream/open_redis.ts";
import { tempPostgres, tempRedis } from "lib/testing/servers.ts";
import { until } from "lib/testing/until.ts";
import { cachedLook } from "../../workers/sse_service/operations/cached_look.ts";
import { measure } from "../../workers/sse_service/operations/measure.ts";
import { addStreamMetrics } from "../../workers/sse_service/operations/stream_metrics.ts";

const MEASURED = {
  numShards: 2,
  status: { base: "s", group: "sg", dlq: "s-dlq" },
  logs: { base: "l", group: "lg", dlq: "l-dlq" },
  workflow: { base: "w" },
};

Deno.test("measure() tells length, pending, lag, age, owner, losses and dead letters of each shard", async () => {
  await using server = await tempRedis();
  await using redis = openRedis(server.url, { name: "test", log });
  const [seconds] = await redis.time();
  const old = `${(Number(seconds) - 60) * 1_000}-0`;
  await redis.xadd("s:0", old, "data", "1");
  for (let n = 0; n < 3; n++) await redis.xadd("s:0", "*", "data", "2");
  await redis.xgroup("CREATE", "s:0", "sg", "0");
  await redis.xreadgroup("GROUP", "sg", "c", "COUNT", 2, "STREAMS", "s:0", ">");
  await redis.xadd("s-dlq", "*", "data", "x");
  await redis.xadd("w:1", "*", "data", "x");
  await redis.set("chris:lease:sg:lease:0", "host:1");
  await redis.set("chris:trimmed:sg:s:0", 7);
  const { status, logs, workflow } = await measure(redis, MEASURED);
  const [first, second] = status.shards;
  const age = first?.oldest_pending_ms ?? 0;
  assertEquals(age >= 59_000 && age < 90_000, true, String(age));
  assertEquals({ ...first, oldest_pending_ms: 0 }, {
    stream: "s:0",
    xlen: 4,
    pending: 2,
    lag: 2,
    oldest_pending_ms: 0,
    owner: "host:1",
    trimmed: 7,
  });
  const none = { xlen: 0, pending: 0, lag: null, oldest_pending_ms: null, owner: null, trimmed: 0 };
  assertEquals(second, { stream: "s:1", ...none });
  assertEquals([status.dlq_xlen, logs.dlq_xlen], [1, 0]);
  assertEquals(logs.shards, [{ stream: "l:0", ...none }, { stream: "l:1", ...none }]);
  assertEquals(workflow.shards, [{ stream: "w:0", xlen: 0 }, { stream: "w:1", xlen: 1 }]);
});

Deno.test("G8 figures of the streams are left out while Redis is away, and are there again after it", async () => {
  await using server = await tempRedis();
  await using redis = openRedis(server.url, { name: "test", log });
  await redis.xadd("s-dlq", "*", "data", "x");
  const look = cachedLook(() => measure(redis, MEASURED), {
    dependency: "redis",
    freshMs: 0,
    patienceMs: 200,
  });
  const metrics = new Metrics({ freshMs: 0 });
  addStreamMetrics(metrics, look);
  const text = async () => await (await metrics.answer(null)).text();
  // One look may take longer than it is waited for.
  const isTold = async () => /^chris_dead_letters\{stream="status"\} 1$/m.test(await text());
  await until("told", isTold);
  await server.stop();
  await assertRejects(look, OutageError);
  const away = await text();
  assertMatch(away, /^chris_streams_up 0$/m);
  assertEquals(/^chris_(dead_letters|stream_\w+)\{/m.test(away), false, away);
  await server.start();
  await until("told again", isTold);
});

Deno.test("backlog() tells what waits in the database", async () => {
  await using server = await tempPostgres();
  await using sql = openPostgres(server.dsn, { applicationName: "test", max: 2 });
  await migrate(sql);
  assertEquals(await backlog(sql), { outbox: 0, oldest: 0, running: 0, held: 0 });
  await sql`
    INSERT INTO job_outbox (job_id, stream, event, created_at, published_at) VALUES
      ('a', 'status', '{}', now() - interval '90 s', NULL), ('a', 'status', '{}', now(), NULL),
      ('a', 'status', '{}', now() - interval '1 h', now())`;
  await sql`
    INSERT INTO job_workflow (job_id, current_step, status, held) VALUES
      ('a', 'plugin', 'running', NULL), ('b', 'cleanup', 'running', 'its log is not stored'),
      ('c', 'completed', 'failed', 'was held once')`;
  const { oldest, ...counts } = await backlog(sql);
  assertEquals(counts, { outbox: 2, running: 2, held: 1 });
  assertEquals(Math.round(oldest / 10), 9);
});
