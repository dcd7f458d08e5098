import { assertEquals } from "@std/assert";
import { silentLogger } from "lib/run/log.ts";
import { sleep } from "lib/run/sleep.ts";
import { DockerRuntime } from "lib/runtime/docker.ts";
import { ChangeWatch } from "lib/testing/change_watch.ts";
import { EngineProxy } from "lib/testing/engine_proxy.ts";
import { NO_DOCKER, TEST_LABEL } from "lib/testing/test_containers.ts";
import { type ForwarderBench, openForwarderBench, until } from "./forwarder_bench.ts";
import { assertLog, assertStates, oneTo, untilEnded } from "./forwarding_truth.ts";

const socket = /^unix:\/\/(.+)$/.exec(Deno.env.get("DOCKER_HOST") ?? "")?.[1];

/** Both forwarders reach Docker over TCP through a proxy that misbehaves. */
function test(name: string, body: (bench: ForwarderBench, proxy: EngineProxy) => Promise<void>): void {
  Deno.test({
    name,
    ignore: NO_DOCKER || !socket,
    fn: async () => {
      await using bench = await openForwarderBench();
      await using proxy = new EngineProxy(socket ?? "");
      await body(bench, proxy);
    },
  });
}

const settings = (proxy: EngineProxy) => ({
  DOCKER_HOST: proxy.host,
  DOCKER_RECONCILE_SECONDS: "1",
  LOG_RELIST_SECONDS: "1",
  LOG_SILENCE_SECONDS: "1",
});

test(
  "G1 follow streams that are swallowed after some bytes, without being closed, lose and double nothing",
  async (bench, proxy) => {
    proxy.swallows = { path: /\/logs\?.*follow=(true|1)/, after: 20_000 };
    const logs = await bench.start("log_forwarder", settings(proxy));
    // A log that was never followed is not swallowed.
    await until("leading", async () => await bench.redis.exists("chris:log-forwarder:default:leader"));
    const slow = await bench.containers.start(
      "slow",
      "for i in $(seq 0 19); do seq $((i*50+1)) $((i*50+50)); sleep 0.2; done",
    );
    const burst = await bench.containers.start("burst", "seq 1 2000; sleep 8");
    const rotating = await bench.containers.start(
      "rotating",
      "for i in $(seq 0 19); do seq $((i*50+1)) $((i*50+50)); sleep 0.2; done",
      { HostConfig: { LogConfig: { Type: "json-file", Config: { "max-size": "1m", "max-file": "3" } } } },
    );
    await until("noticed", () => logs.output().includes("fell silent"));
    await untilEnded(bench, [slow.id, burst.id, rotating.id]);
    assertLog(await bench.logs(slow.id), oneTo(1_000));
    assertLog(await bench.logs(burst.id), oneTo(2_000));
    assertLog(await bench.logs(rotating.id), oneTo(1_000));
    assertEquals(await logs.stop(), 0);
  },
);

test(
  "G1 G3 connections to the Engine whose other end is gone without a word cost both forwarders nothing",
  async (bench, proxy) => {
    const events = await bench.start("event_forwarder", settings(proxy));
    const logs = await bench.start("log_forwarder", settings(proxy));
    const talking = await bench.containers.start(
      "talking",
      "for i in $(seq 0 29); do seq $((i*20+1)) $((i*20+20)); sleep 0.2; done; exit 4",
    );
    await until("publishing", async () => (await bench.logs(talking.id)).length > 0);
    const after = [];
    for (let times = 0; times < 3; times++) {
      proxy.mute();
      after.push(await bench.containers.run(`after${times}`, `echo ${times}`));
      await assertStates(bench, after);
    }
    await untilEnded(bench, [talking.id, ...after.map(({ id }) => id)]);
    assertLog(await bench.logs(talking.id), oneTo(600));
    for (const [times, { id }] of after.entries()) assertLog(await bench.logs(id), [`${times}`]);
    await assertStates(bench, [talking, ...after]);
    assertEquals([await events.stop(), await logs.stop()], [0, 0]);
  },
);

test(
  "G3 an events stream that fell silent is noticed by the changes it did not tell, and opened anew",
  async (bench, proxy) => {
    const runtime = new DockerRuntime({
      host: proxy.host,
      label: TEST_LABEL,
      labelValue: bench.containers.label,
      log: silentLogger,
    });
    await using watch = new ChangeWatch(runtime, 300);
    await watch.next((change) => change.kind === "listed");
    const seen = await bench.containers.run("seen", "true");
    await watch.next((change) => change.kind === "changed" && change.id === seen.id);
    await sleep(3_000); // several lists, which must find nothing to complain about
    const connections = () => proxy.asked.filter((path) => path.startsWith("/events")).length;
    assertEquals(connections(), 1);
    watch.forget();
    proxy.mute(/^\/events/);
    const unseen = await bench.containers.run("unseen", "true");
    await watch.next((change) => change.kind === "listed" && change.afterGap);
    assertEquals(connections(), 2);
    watch.forget();
    await unseen.start();
    await watch.next((change) => change.kind === "changed" && change.id === unseen.id);
  },
);

test(
  "G8 one container whose log, and many whose inspection, the Engine refuses hold up nobody else",
  async (bench, proxy) => {
    const bad = await bench.containers.run("bad", "seq 1 10");
    const many = await Promise.all(
      Array.from({ length: 20 }, (_, i) => bench.containers.create(`many${i}`, "true")),
    );
    proxy.refuses = new RegExp(`/(${bad.id}/logs|(${many.map(({ id }) => id).join("|")})/json)`);
    const events = await bench.start("event_forwarder", settings(proxy));
    const logs = await bench.start("log_forwarder", settings(proxy));
    const good = await bench.containers.run("good", "seq 1 10");
    await untilEnded(bench, [good.id]);
    await assertStates(bench, [good, bad]);
    assertEquals((await bench.logs(bad.id)).length, 0, "no end is told of a log that may be readable later");
    assertEquals(
      (await bench.statuses()).filter(({ container_id }) => many.some(({ id }) => id === container_id)),
      [],
    );
    proxy.refuses = null;
    await untilEnded(bench, [bad.id]);
    assertLog(await bench.logs(bad.id), oneTo(10));
    await assertStates(bench, many);
    assertEquals([await events.stop(), await logs.stop()], [0, 0]);
  },
);

test(
  "G1 a container whose log driver cannot be read gets its end of stream, with a gap, and holds up nobody",
  async (bench, proxy) => {
    const none = await bench.containers.run("none", "echo unseen", {
      HostConfig: { LogConfig: { Type: "none", Config: {} } },
    });
    const good = await bench.containers.run("good", "echo seen");
    const logs = await bench.start("log_forwarder", settings(proxy));
    await untilEnded(bench, [good.id]);
    assertLog(await bench.logs(good.id), ["seen"]);
    await untilEnded(bench, [none.id]);
    assertLog(await bench.logs(none.id), [], { cutShort: true });
    await until("said why", () => logs.output().includes("cannot be read"));
  },
);
