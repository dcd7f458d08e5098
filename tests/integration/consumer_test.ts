import { assert, assertEquals } from "@std/assert";
import { OutageError } from "lib/run/outage_error.ts";
import { sleep } from "lib/run/sleep.ts";
import { shardOf } from "lib/stream/keys.ts";
import { until } from "lib/testing/until.ts";
import {
  disorder,
  DLQ,
  GROUP,
  jobNames,
  LASTING_LEASES,
  LEASES,
  openBench,
  settings,
  settle,
  SHARDS,
  streamOf,
} from "./consumer_bench.ts";

Deno.test("G4 two consumers share the shards, and what a crashed one leaves is done by the other, in order", async () => {
  await using bench = await openBench();
  const jobs = jobNames(24);
  await bench.publish(jobs, 5);
  const slowly = { before: () => sleep(3) };
  const [a, b] = [bench.consume("a", slowly), bench.consume("b", slowly)];
  await until(
    "shared evenly",
    () =>
      a.owned.length === SHARDS / 2 && b.owned.length === SHARDS / 2 &&
      new Set([...a.owned, ...b.owned]).size === SHARDS,
  );
  await bench.publish(jobs, 10);
  await until(
    "both at work",
    () => ["a", "b"].every((name) => bench.handled.some(({ consumer }) => consumer === name)),
  );
  await a.crash();
  await bench.publish(jobs, 10);
  await settle(bench);
  await until("owner of all", () => b.owned.length === SHARDS);
  assertEquals(await bench.redis.exists(DLQ), 0);
});

Deno.test("G4 a consumer that starts gets its part, and order holds while shards change hands", async () => {
  await using bench = await openBench();
  const jobs = jobNames(16);
  const slowly = { before: () => sleep(2), batchSize: 3 };
  const a = bench.consume("a", slowly);
  await until("owner of all", () => a.owned.length === SHARDS);
  for (const name of ["b", "c"]) {
    const next = bench.consume(name, slowly);
    const publishing = bench.publish(jobs, 20);
    await until("owner of a part", () => next.owned.length >= 2);
    await publishing;
  }
  await settle(bench);
});

Deno.test("G15 a consumer that stops hands its shards over at once, not when the leases run out", async () => {
  await using bench = await openBench();
  const jobs = jobNames(16);
  const long = { settings: { LEASE_TTL_MS: 60_000 } };
  const [a, b] = [bench.consume("a", long), bench.consume("b", long)];
  await until("shared evenly", () => a.owned.length === SHARDS / 2 && b.owned.length === SHARDS / 2);
  await bench.publish(jobs, 5);
  await a.stop();
  await until("taken over", () => b.owned.length === SHARDS, 30_000);
  await bench.publish(jobs, 5);
  await settle(bench);
});

Deno.test("G15 a consumer that stops keeps its lease until the work in hand is acknowledged", async () => {
  await using bench = await openBench();
  const [begun, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  using _ = { [Symbol.dispose]: () => goOn.resolve() };
  const a = bench.consume("a", {
    before: () => {
      begun.resolve();
      return goOn.promise;
    },
    settings: LASTING_LEASES,
  });
  await until("owner", () => a.owned.length === SHARDS);
  await bench.publish(["job-0"], 1);
  await begun.promise;
  const stopped = a.stop();
  await until("stopping", async () => (await bench.redis.keys(`${LEASES}:heartbeat:*`)).length === 0);
  const lease = `${LEASES}:lease:${shardOf("job-0", SHARDS)}`;
  for (let times = 0; times < 2; times++) {
    await bench.redis.pexpire(lease, LASTING_LEASES.LEASE_TTL_MS / 2);
    await until("prolonged", async () => await bench.redis.pttl(lease) > LASTING_LEASES.LEASE_TTL_MS / 2);
  }
  goOn.resolve();
  await stopped;
  assertEquals(bench.missing(), []);
  const [pending] = await bench.redis.xpending(streamOf("job-0"), GROUP) as [number];
  assertEquals(pending, 0);
  assertEquals((await bench.redis.keys(`${LEASES}:*`)).filter((key) => !key.includes(":epoch:")), []);
});

Deno.test("G4 leases and heartbeats stand in Redis as the reference writes them, and its own count", async () => {
  await using bench = await openBench();
  const { redis } = bench;
  await redis.set(`${LEASES}:heartbeat:cube:17`, "1", "PX", 600_000);
  await redis.set(`${LEASES}:lease:2`, "cube:17", "PX", 600_000);
  const a = bench.consume("a", { settings: LASTING_LEASES });
  await until("owner of half", () => a.owned.length === SHARDS / 2);
  assertEquals(a.owned.includes(2), false);
  const replica = await redis.get(`${LEASES}:lease:${a.owned[0]}`);
  assert(replica !== null && /^[^:]+:\d+:[0-9a-f]{8}$/.test(replica), `${replica}`);
  assertEquals(await redis.get(`${LEASES}:heartbeat:${replica}`), "1");
  for (const key of [`lease:${a.owned[0]}`, `heartbeat:${replica}`]) {
    const left = await redis.pttl(`${LEASES}:${key}`);
    assert(left > 0 && left <= LASTING_LEASES.LEASE_TTL_MS, `${key} lasts ${left} ms`);
  }
  assertEquals(await redis.get(`${LEASES}:epoch:${a.owned[0]}`), "1");
  await redis.del(`${LEASES}:heartbeat:cube:17`, `${LEASES}:lease:2`);
  await until("owner of all", () => a.owned.length === SHARDS);
});

Deno.test("G8 a handler's dependency that goes away for a while costs nothing and dead-letters nothing", async () => {
  await using bench = await openBench();
  let away = true;
  let refused = 0;
  bench.consume("a", {
    before: () => {
      if (!away) return Promise.resolve();
      refused++;
      return Promise.reject(new OutageError("postgres", "write"));
    },
  });
  await bench.publish(["job-0"], 5);
  const allowed = settings.RECLAIM_MAX_DELIVERIES * (settings.HANDLER_RETRIES + 1);
  await until("refused more often than an entry may fail", () => refused > allowed);
  assertEquals(bench.handled, []);
  away = false;
  await settle(bench);
  assertEquals(await bench.redis.exists(DLQ), 0);
});

Deno.test("G8 a Redis that refuses writes for a while is waited for: nothing is dead-lettered or lost", async () => {
  await using bench = await openBench();
  const jobs = jobNames(8);
  const refusing = Promise.withResolvers<void>();
  const entered = Promise.withResolvers<void>();
  bench.consume("a", {
    before: async () => {
      entered.resolve();
      await refusing.promise;
    },
    settings: { RECLAIM_MAX_DELIVERIES: 1, HANDLER_RETRIES: 0 },
  });
  await bench.publish(jobs, 3);
  await entered.promise;
  await bench.redis.config("SET", "min-replicas-to-write", "1");
  refusing.resolve();
  await until("handled, though not acknowledged", () => bench.handled.length > 0);
  await until("without leases", async () => (await bench.redis.keys(`${LEASES}:lease:*`)).length === 0);
  await bench.redis.config("SET", "min-replicas-to-write", "0");
  await settle(bench);
  assertEquals(await bench.redis.exists(DLQ), 0);
});

Deno.test("G8 Redis is stopped and started again in the middle: consumers go on by themselves", async () => {
  await using bench = await openBench();
  const jobs = jobNames(16);
  const slowly = { before: () => sleep(5), batchSize: 4 };
  bench.consume("a", slowly);
  bench.consume("b", slowly);
  await bench.publish(jobs, 10);
  await until("at work", () => bench.handled.length > 20);
  await bench.server.stop();
  await sleep(settings.LEASE_TTL_MS);
  await bench.server.start();
  await bench.publish(jobs, 5);
  await settle(bench);
  assertEquals(await bench.redis.exists(DLQ), 0);
});

Deno.test("G14 after FLUSHALL in the middle, new entries are consumed without a restart", async () => {
  await using bench = await openBench();
  const jobs = jobNames(16);
  bench.consume("a", { before: () => sleep(2) });
  bench.consume("b", { before: () => sleep(2) });
  await bench.publish(jobs, 5);
  await until("at work", () => bench.handled.length > 10);
  await bench.redis.flushall();
  const before = bench.handled.length;
  await bench.publish(jobs, 5);
  await until(
    "handled what came after",
    () =>
      jobs.every((jobId) =>
        bench.handled.slice(before).some((handling) => handling.jobId === jobId && handling.n === 10)
      ),
  );
  await until("acknowledged in full", async () => await bench.pending() === 0);
  assertEquals(disorder(bench.handled), []);
});

Deno.test("G5 G14 what Redis forgets of an acknowledgement is handled and acknowledged again", async () => {
  await using bench = await openBench();
  const release = Promise.withResolvers<void>();
  const consumer = bench.consume("a", { before: () => release.promise });
  await bench.publish(["job-0"], 1);
  await until("taken", async () => await bench.pending() === 1);
  const stream = streamOf("job-0");
  const before = await bench.redis.dumpBuffer(stream);
  release.resolve();
  await until("acknowledged", async () => await bench.pending() === 0);
  assert(before !== null);
  // As a replica that had not got that far; and how many are pending then.
  const replies = await bench.redis.multi().restore(stream, 0, before, "REPLACE").xpending(stream, GROUP)
    .exec();
  const [, [, pending] = []] = replies ?? [];
  assertEquals((pending as unknown[])[0], 1);
  await until("acknowledged again", async () => await bench.pending() === 0);
  await consumer.stop();
});

Deno.test("G8 a consumer group that somebody destroyed is made again, at the beginning", async () => {
  await using bench = await openBench();
  bench.consume("a");
  await bench.publish(["job-0"], 3);
  await settle(bench);
  await bench.redis.xgroup("DESTROY", streamOf("job-0"), GROUP);
  await bench.publish(["job-0"], 2);
  await settle(bench);
});

Deno.test("G9 an entry whose handler fails for its own reason is dead-lettered after its tries; its job follows, others first", async () => {
  await using bench = await openBench();
  const [bad, good] = [
    "job-0",
    jobNames(40).slice(1).find((name) => streamOf(name) === streamOf("job-0")) ?? "",
  ];
  await bench.publish([bad, good], 3);
  bench.consume("a", {
    before: (entries) =>
      entries.some(({ event }) => event.job_id === bad && event.message === "2")
        ? Promise.reject(new Error("no second"))
        : Promise.resolve(),
  });
  await until("all but the bad one handled", () => bench.missing().length === 1);
  assertEquals(bench.missing(), [`${bad} 2`]);
  await until("nothing pending", async () => await bench.pending() === 0);
  assertEquals(disorder(bench.handled), []);
  const [[, fields] = ["", []]] = await bench.redis.xrange(DLQ, "-", "+");
  const letter = fields.slice(fields.indexOf("reason"));
  assertEquals(letter.slice(0, 2), ["reason", "handler failed"]);
  assertEquals(letter[letter.indexOf("error") + 1], "no second");
  assertEquals(Number(letter[letter.indexOf("deliveries") + 1]), settings.RECLAIM_MAX_DELIVERIES);
  const order = bench.handled.map(({ jobId, n }) => `${jobId} ${n}`);
  assert(order.indexOf(`${good} 3`) < order.indexOf(`${bad} 3`), order.join(", "));
});
