import { assert, assertEquals } from "@std/assert";
import { NO_DOCKER } from "lib/testing/test_containers.ts";
import { type ForwarderBench, openForwarderBench, until } from "./forwarder_bench.ts";
import { assertLog, assertStates, idsFromInspect, oneTo, untilEnded } from "./forwarding_truth.ts";

/** How soon another forwarder may take the place of one that died. */
const BRIEF = { FORWARDER_LEASE_TTL_MS: "500", DOCKER_RECONCILE_SECONDS: "0.5", LOG_RELIST_SECONDS: "0.5" };
const KINDS = ["", "-copy", "-upload", "-delete"];

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

async function startBoth(bench: ForwarderBench) {
  return await Promise.all([bench.start("event_forwarder", BRIEF), bench.start("log_forwarder", BRIEF)]);
}

test("G1 G3 many containers that lived wholly while both forwarders were down are told in full, once", async (bench) => {
  const { containers } = bench;
  const run = (name: string, i: number) =>
    containers.run(
      `${name}${i}${KINDS[i % 4]}`,
      `seq 1 ${i * 7}; printf 'the end of ${name}${i}'; exit ${i % 3}`,
    );
  const linesOf = (name: string, i: number) => [...oneTo(i * 7), `the end of ${name}${i}`];
  const first = await Promise.all(Array.from({ length: 12 }, (_, i) => run("first", i)));
  const never = await containers.create("never", "true");
  let forwarders = await startBoth(bench);
  await untilEnded(bench, first.map(({ id }) => id));
  await assertStates(bench, first);
  await Promise.all(forwarders.map((forwarder) => forwarder.kill()));
  const second = await Promise.all(Array.from({ length: 12 }, (_, i) => run("second", i)));
  forwarders = await startBoth(bench);
  await untilEnded(bench, second.map(({ id }) => id));
  for (let i = 0; i < 12; i++) {
    assertLog(await bench.logs(first[i]?.id), linesOf("first", i));
    assertLog(await bench.logs(second[i]?.id), linesOf("second", i));
  }
  await assertStates(bench, [...first, ...second, never]);
  assertEquals((await bench.logs(never.id)).length, 0);
});

test("G1 G3 a container that ran, ended and ran again while both forwarders were down goes on where it stood", async (bench) => {
  const { containers } = bench;
  const known = await containers.run("known", "echo run; printf tail");
  const forwarders = await startBoth(bench);
  await untilEnded(bench, [known.id]);
  await assertStates(bench, [known]);
  const before = await idsFromInspect(known);
  await Promise.all(forwarders.map((forwarder) => forwarder.kill()));
  const unknown = await containers.run("unknown", "echo run; printf tail");
  for (const container of [known, unknown]) {
    await container.start();
    await container.wait();
  }
  await startBoth(bench);
  await untilEnded(bench, [unknown.id]);
  await until(
    "told both ends",
    async () => (await bench.logs(known.id)).filter(({ eos }) => eos).length === 2,
  );
  const told = async (id: string) => (await bench.logs(id)).map((event) => event.eos ? "END" : event.line);
  assertEquals(await told(known.id), ["run", "tail", "END", "run", "tail", "END"]);
  assertEquals((await bench.logs(known.id)).map(({ seq }) => seq), [1, 2, 2, 3, 4, 4]);
  assertEquals(await told(unknown.id), ["run", "tail", "run", "tail", "END"]);
  const both = [...before, ...(await idsFromInspect(known)).slice(1)];
  await until("reported", async () => (await bench.statuses(known.id)).length >= both.length);
  assertEquals((await bench.statuses(known.id)).map(({ event_id }) => event_id), both);
  await assertStates(bench, [unknown]);
});

test("G1 G3 a container that is made anew under a name while the old one's log is read shares nothing with it", async (bench) => {
  const { containers } = bench;
  const N = 60_000;
  const old = await containers.run("again", `seq 1 ${N}; exit 2`);
  const oldIds = await idsFromInspect(old);
  await startBoth(bench);
  await until("reading", async () => (await bench.logs(old.id)).length > 0);
  await until("reported", async () => (await bench.statuses(old.id)).length === 3);
  await old.remove();
  const fresh = await containers.run("again", "seq 1 500; exit 0");
  await untilEnded(bench, [old.id, fresh.id]);
  assertLog(await bench.logs(fresh.id), oneTo(500));
  // Of the old one, at least as much as was read before it was removed; and no more than one end.
  const read = (await bench.logs(old.id)).length - 1;
  assert(read > 0 && read <= N);
  assertLog(await bench.logs(old.id), oneTo(read), { cutShort: true });
  if (read < N) assertEquals((await bench.logs(old.id)).at(-1)?.gap, true, "what nobody could read is told");
  assertEquals((await bench.statuses(old.id)).map(({ event_id }) => event_id), oldIds);
  await assertStates(bench, [fresh]);
  assertEquals(new Set((await bench.logs()).map(({ event_id }) => event_id)).size, read + 502);
});

test("G1 G3 a container that is made anew under its name while both forwarders are down is told beside the old one", async (bench) => {
  const { containers } = bench;
  const old = await containers.start("twice", "i=0; while :; do i=$((i+1)); echo $i; sleep 0.05; done");
  const forwarders = await startBoth(bench);
  await until("published", async () => (await bench.logs(old.id)).length > 5);
  await until("reported", async () => (await bench.statuses(old.id)).length === 2);
  const oldIds = await idsFromInspect(old);
  await Promise.all(forwarders.map((forwarder) => forwarder.kill()));
  await old.remove({ force: true });
  const fresh = await containers.run("twice", "seq 1 500; exit 7");
  await startBoth(bench);
  await untilEnded(bench, [old.id, fresh.id]);
  assertLog(await bench.logs(fresh.id), oneTo(500));
  assertLog(await bench.logs(old.id), oneTo((await bench.logs(old.id)).length - 1), { cutShort: true });
  assertEquals((await bench.logs(old.id)).at(-1)?.gap, true, "what nobody could read is told");
  await until("told that it vanished", async () => (await bench.statuses(old.id)).length === 3);
  const statuses = await bench.statuses(old.id);
  assertEquals(statuses.slice(0, 2).map(({ event_id }) => event_id), oldIds);
  assertEquals([statuses[2]?.status, statuses[2]?.reason?.code], ["undefined", "vanished"]);
  await assertStates(bench, [fresh]);
});
