import { assertEquals } from "@std/assert";
import { sleep } from "lib/run/sleep.ts";
import { NO_DOCKER } from "lib/testing/test_containers.ts";
import { type ForwarderBench, openForwarderBench, until } from "./forwarder_bench.ts";
import { assertLog, assertStates, oneTo, untilEnded } from "./forwarding_truth.ts";

const SETTINGS = { DOCKER_RECONCILE_SECONDS: "1", LOG_RELIST_SECONDS: "1", LOG_SILENCE_SECONDS: "1" };

function test(name: string, body: (bench: ForwarderBench) => Promise<void>): void {
  Deno.test({
    name,
    ignore: NO_DOCKER,
    fn: async () => {
      await using bench = await openForwarderBench();
      await body(bench);
    },
  });
}

/** Containers in every state of life, all of it told. */
async function told(bench: ForwarderBench) {
  const { containers } = bench;
  const ended = await containers.run("ended", "seq 1 2000; exit 3");
  const silent = await containers.start("silent", "seq 1 500; until [ -e /tmp/go ]; do sleep 0.05; done");
  const talking = await containers.start(
    "talking",
    "i=0; until [ -e /tmp/go ]; do i=$((i+1)); echo $i; sleep 0.02; done",
  );
  const made = await containers.create("made", "true");
  const events = await bench.start("event_forwarder", SETTINGS);
  const logs = await bench.start("log_forwarder", SETTINGS);
  const all = [ended, silent, talking, made];
  await assertStates(bench, all);
  await until("published", async () => (await bench.logs(silent.id)).length === 500);
  await untilEnded(bench, [ended.id]);
  return { ended, silent, talking, made, all, events, logs };
}

test("G1 G3 G14 a Redis that forgot everything is told all states and lines again, soon and without a restart", async (bench) => {
  const { ended, silent, talking, all, events, logs } = await told(bench);
  await bench.redis.flushall();
  const began = performance.now();
  await assertStates(bench, all);
  await until("published again", async () => (await bench.logs(silent.id)).length === 500);
  await untilEnded(bench, [ended.id]);
  console.log(`told again after ${Math.round(performance.now() - began)} ms`);
  assertLog(await bench.logs(ended.id), oneTo(2_000));
  await sleep(2_500); // two more looks, which must add nothing
  assertEquals((await bench.logs(silent.id)).map(({ line }) => line), oneTo(500));
  for (const container of [silent, talking]) {
    await (await container.exec({ Cmd: ["touch", "/tmp/go"] })).start({ Detach: true });
    await container.wait();
  }
  await untilEnded(bench, [silent.id, talking.id]);
  assertLog(await bench.logs(silent.id), oneTo(500));
  assertLog(await bench.logs(talking.id), oneTo((await bench.logs(talking.id)).length - 1));
  await assertStates(bench, all);
  assertEquals([await events.stop(), await logs.stop()], [0, 0]);
});

test("G1 G3 G14 a Redis that comes back without what it was told last is told that again, and no more", async (bench) => {
  const { silent, talking, all, events, logs } = await told(bench);
  // From now on nothing is written to disk: what a crash costs with appendfsync everysec, made longer.
  await bench.redis.config("SET", "appendonly", "no");
  const lines = (await bench.logs(talking.id)).length;
  const late = await bench.containers.run("late", "seq 1 300; exit 1");
  await untilEnded(bench, [late.id]);
  await assertStates(bench, [late]);
  await until("gone on", async () => (await bench.logs(talking.id)).length > lines + 50);
  await bench.redis.set("told last", "1");
  await bench.server.kill();
  await bench.server.start();
  assertEquals(await bench.redis.get("told last"), null, "this test is of a Redis that has lost something");
  await untilEnded(bench, [late.id]);
  assertLog(await bench.logs(late.id), oneTo(300));
  await assertStates(bench, [...all, late]);
  for (const container of [silent, talking]) {
    await (await container.exec({ Cmd: ["touch", "/tmp/go"] })).start({ Detach: true });
    await container.wait();
  }
  await untilEnded(bench, [silent.id, talking.id]);
  assertLog(await bench.logs(silent.id), oneTo(500));
  assertLog(await bench.logs(talking.id), oneTo((await bench.logs(talking.id)).length - 1));
  await assertStates(bench, [...all, late]);
  assertEquals([await events.stop(), await logs.stop()], [0, 0]);
});
