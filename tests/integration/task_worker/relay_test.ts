import { assert, assertEquals, assertRejects } from "@std/assert";
import { encodeStatusEvent } from "lib/event/codec.ts";
import type { StatusEvent } from "lib/event/status.ts";
import { silentLogger as log } from "lib/run/log.ts";
import { migrate } from "lib/store/migrate.ts";
import { openPostgres, type Sql } from "lib/store/open.ts";
import { addToOutbox, listOutbox } from "lib/store/outbox.ts";
import { shardKey, shardOf } from "lib/stream/keys.ts";
import { confirmationOf } from "../../../workers/task_worker/record_status.ts";
import { Relay, type RelayOptions } from "../../../workers/task_worker/relay.ts";
import {
  accept,
  type Bench,
  entriesOf,
  eventOf,
  eventually,
  forgetAll,
  lifeOf,
  openBench,
  record,
} from "./bench.ts";
import { crashEverywhere, FaultPoints, InjectedCrash } from "./fault_points.ts";

let bench: Bench;
Deno.test.beforeAll(async () => {
  bench = await openBench();
});
Deno.test.beforeEach(() => forgetAll(bench));
Deno.test.afterAll(async () => await bench[Symbol.asyncDispose]());

const OPTIONS: RelayOptions = {
  numShards: 2,
  status: { base: "stream:job-status", maxlen: 100_000 },
  workflow: { base: "stream:job-workflow", maxlen: 100_000 },
  pollMs: 20,
  log,
};

/** Runs relays until `body` resolves. */
async function whileRelaying(relays: readonly Relay[], body: () => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const running = Promise.all(relays.map((relay) => relay.run(stop.signal)));
  try {
    await body();
  } finally {
    stop.abort();
    await running;
  }
}

/** Event ids of a job as they stand in a stream. */
async function sent(jobId: string, base: string): Promise<unknown[]> {
  const entries = await entriesOf(bench.redis, shardKey(base, shardOf(jobId, 2)));
  return entries.filter(({ event }) => event.job_id === jobId).map(({ event }) => event.event_id);
}

/** Event ids of a job as they were to go out. */
async function wanted(jobId: string, stream: "status" | "workflow"): Promise<string[]> {
  return (await listOutbox<StatusEvent>(bench.sql, jobId, stream)).map(({ event }) => event.event_id);
}

async function assertSent(jobId: string): Promise<void> {
  assertEquals(await sent(jobId, "stream:job-status"), await wanted(jobId, "status"));
  assertEquals(await sent(jobId, "stream:job-workflow"), await wanted(jobId, "workflow"));
}

async function unpublished(): Promise<number> {
  const [row] = await bench.sql`SELECT count(*)::int AS left FROM job_outbox WHERE published_at IS NULL`;
  return row?.left;
}

/** A confirmation that is to go out, as the `index`th of its job. */
async function confirm(sql: Sql, jobId: string, index: number): Promise<void> {
  const event = confirmationOf(eventOf({ jobId, step: "plugin", status: "finishedSuccessfully", at: index }));
  if (event) await addToOutbox(sql, { stream: "status", event });
}

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
    await assertSent(jobId);
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

Deno.test("Relay publishes more than one batch in order", async () => {
  const all = Array.from({ length: 1_203 }, (_, index) => index);
  await bench.sql.begin((tx) =>
    Promise.all(all.map((index) => confirm(tx as unknown as Sql, "trial-1", index)))
  );
  await whileRelaying([new Relay(bench.sql, bench.redis, OPTIONS)], async () => {
    await eventually(async () => await unpublished() === 0);
  });
  await assertSent("trial-1");
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
      assertEquals(await unpublished(), 0, where);
      await assertSent("trial-1");
    },
  });
  assert(points > 6, `only ${points} points`);
});

Deno.test("G6 Relay publishes again what Redis forgot before it was noted, and nothing else", async () => {
  const { sql, redis } = bench;
  await confirm(sql, "trial-1", 1);
  await new Relay(sql, redis, OPTIONS).runOnce();
  await confirm(sql, "trial-1", 2);
  const points = new FaultPoints((what) => what === "after eval");
  await assertRejects(() => new Relay(sql, points.redis(redis), OPTIONS).runOnce(), InjectedCrash);
  assertEquals((await sent("trial-1", "stream:job-status")).length, 2);
  await redis.flushall();
  await new Relay(sql, redis, OPTIONS).runOnce();
  assertEquals(await sent("trial-1", "stream:job-status"), (await wanted("trial-1", "status")).slice(1));
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
    await eventually(async () => await unpublished() === 0);
  });
  for (const jobId of jobs) await assertSent(jobId);
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
    await eventually(async () => await unpublished() === 0);
  });
  await assertSent("trial-1");
});

Deno.test("G8 Relay goes on after Redis or Postgres was away, and has published each event once", async () => {
  const { sql, redis, redisServer, postgresServer } = bench;
  await whileRelaying([new Relay(sql, redis, OPTIONS)], async () => {
    await confirm(sql, "trial-1", 1);
    await eventually(async () => await unpublished() === 0);
    await redisServer.stop();
    for (let index = 2; index < 6; index++) await confirm(sql, "trial-1", index);
    await redisServer.start();
    await eventually(async () => await unpublished() === 0);
    await postgresServer.restart();
    await eventually(() => confirm(sql, "trial-1", 6).then(() => true, () => false));
    await eventually(async () => await unpublished().catch(() => -1) === 0);
  });
  await assertSent("trial-1");
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
  const ids = await sent("trial-1", "stream:job-status");
  assertEquals(ids.length, 2, "the same fact, told by both");
  assert(ids[0] === ids[1]);
});
