import { assert, assertEquals } from "@std/assert";
import { encodeStatusEvent } from "lib/event/codec.ts";
import type { StatusEvent } from "lib/event/status.ts";
import { migrate } from "lib/store/migrate.ts";
import { openPostgres, type Sql } from "lib/store/open.ts";
import { listOutbox } from "lib/store/outbox.ts";
import { shardKey, shardOf } from "lib/stream/keys.ts";
import { until } from "lib/testing/until.ts";
import { Relay } from "../../../workers/task_worker/relay.ts";
import { accept, type Bench, entriesOf, eventually, forgetAll, lifeOf, openBench, record } from "./bench.ts";
import { crashEverywhere } from "./fault_points.ts";
import { assertSent, confirm, OPTIONS, sent, unpublished, whileRelaying } from "./relay_bench.ts";

let bench: Bench;
Deno.test.beforeAll(async () => {
  bench = await openBench();
});
Deno.test.beforeEach(() => forgetAll(bench));
Deno.test.afterAll(async () => await bench[Symbol.asyncDispose]());

Deno.test("Relay publishes each job's events in order and notes where they went", async () => {
  const { sql, redis } = bench;
  const jobs = ["trial-1", "trial-2", "trial-3"];
  for (const jobId of jobs) await accept(sql, jobId);
  for (const step of ["copy", "plugin", "upload", "delete"] as const) {
    for (const jobId of jobs) await record(sql, ...lifeOf(jobId, step, "finishedSuccessfully", { at: 10 }));
  }
  const relay = new Relay(sql, redis, OPTIONS);
  assertEquals(
    await relay.runOnce(),
    3 * (4 + 8 + 1),
    "confirmations, ends and begins of steps, the acceptance",
  );
  assertEquals(await relay.runOnce(), 0);
  for (const jobId of jobs) {
    await assertSent(bench, jobId);
    const noted = await listOutbox<StatusEvent>(sql, jobId, "status");
    const entries = await entriesOf(redis, shardKey("stream:job-status", shardOf(jobId, 2)));
    const own = entries.filter(({ event }) => event.job_id === jobId);
    assertEquals(noted.map(({ entryId }) => entryId), own.map(({ id }) => id));
    assertEquals(
      own.map(({ event }) => JSON.stringify(event)),
      noted.map(({ event }) => encodeStatusEvent(event)),
    );
  }
});

Deno.test("G6 Relay that is cut off from Redis does not keep others from publishing", async () => {
  const { sql, redis } = bench;
  const asked = Promise.withResolvers<void>();
  const cutOff = new Proxy(redis, {
    get: (target, key) => {
      if (key !== "eval") return Reflect.get(target, key, target).bind(target);
      return () => new Promise(() => asked.resolve());
    },
  });
  await sql.begin((tx) => confirm(tx as unknown as Sql, "trial-1", 1));
  const relay = new Relay(sql, redis, OPTIONS);
  await whileRelaying([new Relay(sql, cutOff, { ...OPTIONS, answerMs: 300 })], async () => {
    await asked.promise;
    await eventually(async () => await relay.runOnce() !== null && await unpublished(bench) === 0);
  });
  await assertSent(bench, "trial-1");
});

Deno.test("G6 Relay publishes what a database restored from a copy numbers as it numbered other events before", async () => {
  const { sql, redis } = bench;
  const relay = new Relay(sql, redis, OPTIONS);
  const [{ last }] = await sql`SELECT last_value AS last FROM job_outbox_id_seq` as [{ last: number }];
  for (const index of [1, 2]) {
    await sql`TRUNCATE job_outbox`;
    await sql`SELECT setval('job_outbox_id_seq', ${last})`;
    await sql.begin((tx) => confirm(tx as unknown as Sql, "trial-1", index));
    assertEquals(await relay.runOnce(), 1);
  }
  assertEquals((await sent(bench, "trial-1", "stream:job-status")).length, 2);
});

Deno.test("Relay publishes more than one batch in order", async () => {
  const all = Array.from({ length: 1_203 }, (_, index) => index);
  await bench.sql.begin((tx) =>
    Promise.all(all.map((index) => confirm(tx as unknown as Sql, "trial-1", index)))
  );
  // One batch right after the other: nobody waits for the next poll.
  await whileRelaying([new Relay(bench.sql, bench.redis, { ...OPTIONS, pollMs: 3_600_000 })], async () => {
    await until("published", async () => await unpublished(bench) === 0);
  });
  await assertSent(bench, "trial-1");
});

Deno.test("G6 Relay publishes each event once, wherever it dies between publishing and noting that", async () => {
  const { sql, redis } = bench;
  const points = await crashEverywhere({
    prepare: async () => {
      await forgetAll(bench);
      await accept(sql, "trial-1");
      await record(sql, ...lifeOf("trial-1", "copy"));
    },
    task: async (points) => {
      await new Relay(points.sql(sql), points.redis(redis), OPTIONS).runOnce();
    },
    check: async (where) => {
      assertEquals(await unpublished(bench), 0, where);
      await assertSent(bench, "trial-1");
    },
  });
  assert(points.length > 6, points.join("\n"));
});

Deno.test("Relays side by side publish each event once and in order", async () => {
  const { sql, redis } = bench;
  const relays = Array.from({ length: 3 }, () => new Relay(sql, redis, OPTIONS));
  const jobs = ["trial-1", "trial-2", "trial-3", "trial-4"];
  await whileRelaying(relays, async () => {
    for (let index = 0; index < 40; index++) {
      await Promise.all(jobs.map((jobId) => confirm(sql, jobId, index)));
      relays[index % 3]?.nudge();
    }
    await eventually(async () => await unpublished(bench) === 0);
  });
  for (const jobId of jobs) await assertSent(bench, jobId);
});

Deno.test("Relay looks again soon when another one is at work, instead of waiting for its next poll", async () => {
  const { sql, redis } = bench;
  const looks: (number | null)[] = [];
  class Watched extends Relay {
    override async runOnce(): Promise<number | null> {
      const published = await super.runOnce();
      looks.push(published);
      return published;
    }
  }
  const release = Promise.withResolvers<void>();
  const locked = Promise.withResolvers<void>();
  const other = sql.begin(async (tx) => {
    await tx`SELECT pg_advisory_xact_lock(hashtext('job_outbox relay'))`;
    locked.resolve();
    await release.promise;
  });
  await locked.promise;
  await confirm(sql, "trial-1", 1);
  await whileRelaying([new Watched(sql, redis, { ...OPTIONS, pollMs: 600_000 })], async () => {
    await eventually(() => Promise.resolve(looks.length > 0));
    assertEquals(looks[0], null);
    release.resolve();
    await other;
    await eventually(async () => await unpublished(bench) === 0);
  });
  await assertSent(bench, "trial-1");
});

Deno.test("G8 Relay goes on after Redis or Postgres was away, and has published each event once", async () => {
  const { sql, redis, redisServer, postgresServer } = bench;
  await whileRelaying([new Relay(sql, redis, OPTIONS)], async () => {
    await confirm(sql, "trial-1", 1);
    await eventually(async () => await unpublished(bench) === 0);
    await redisServer.stop();
    for (let index = 2; index < 6; index++) await confirm(sql, "trial-1", index);
    await redisServer.start();
    await eventually(async () => await unpublished(bench) === 0);
    await postgresServer.restart();
    await eventually(() => confirm(sql, "trial-1", 6).then(() => true, () => false));
    await eventually(async () => await unpublished(bench).catch(() => -1) === 0);
  });
  await assertSent(bench, "trial-1");
});

Deno.test("Relay takes no event of a database made anew for one that it published before", async () => {
  const { sql, redis, postgresServer } = bench;
  for (const name of ["first", "anew"]) {
    await sql`CREATE DATABASE ${sql(name)}`;
    await using database = openPostgres(postgresServer.dsn.replace(/\/postgres$/, `/${name}`));
    await migrate(database);
    await confirm(database, "trial-1", 1);
    await new Relay(database, redis, OPTIONS).runOnce();
  }
  const ids = await sent(bench, "trial-1", "stream:job-status");
  assertEquals(ids.length, 2, "the same fact, told by both");
  assert(ids[0] === ids[1]);
});
