import { assertEquals, assertRejects } from "@std/assert";
import { silentLogger } from "lib/run/log.ts";
import { OutageError } from "lib/run/outage_error.ts";
import { sleep } from "lib/run/sleep.ts";
import { DockerRuntime } from "lib/runtime/docker.ts";
import { NO_DOCKER, TEST_LABEL } from "lib/testing/test_containers.ts";
import { UnixProxy } from "lib/testing/unix_proxy.ts";
import { type ForwarderBench, openForwarderBench, until } from "./forwarder_bench.ts";

const socket = /^unix:\/\/(.+)$/.exec(Deno.env.get("DOCKER_HOST") ?? "")?.[1];

/** Both forwarders reach Docker through a proxy that the test can cut. */
function test(name: string, body: (bench: ForwarderBench, proxy: UnixProxy) => Promise<void>): void {
  Deno.test({
    name,
    ignore: NO_DOCKER || !socket,
    fn: async () => {
      await using bench = await openForwarderBench();
      await using proxy = new UnixProxy(socket ?? "");
      await body(bench, proxy);
    },
  });
}

test(
  "G8 a Docker Engine that is away, and connections cut in the middle, are a pause to both forwarders",
  async (bench, proxy) => {
    const settings = {
      DOCKER_HOST: `unix://${proxy.path}`,
      DOCKER_RECONCILE_SECONDS: "0",
      LOG_RELIST_SECONDS: "0",
    };
    const events = await bench.start("event_forwarder", settings);
    const logs = await bench.start("log_forwarder", settings);
    const slow = await bench.containers.start(
      "slow",
      "i=0; while [ $i -lt 300 ]; do i=$((i+1)); echo $i; sleep 0.02; done",
    );
    const big = await bench.containers.start("big", "seq 1 60000");
    for (let cuts = 0; cuts < 5; cuts++) {
      await sleep(400);
      proxy.cutOnce();
    }
    proxy.cut();
    const unseen = await bench.containers.run("unseen", "echo unseen");
    await sleep(1_000);
    proxy.mend();
    for (const { id } of [slow, big, unseen]) {
      await until("told", async () => (await bench.logs(id)).some((event) => event.eos), 180_000);
      await until("reported", async () => (await bench.statuses(id)).length >= 3);
    }
    const lines = async (id: string) =>
      (await bench.logs(id)).filter((event) => !event.eos).map((event) => event.line);
    assertEquals((await lines(slow.id)).join(), Array.from({ length: 300 }, (_, i) => i + 1).join());
    assertEquals((await lines(big.id)).join(), Array.from({ length: 60_000 }, (_, i) => i + 1).join());
    assertEquals(await lines(unseen.id), ["unseen"]);
    for (const { id } of [slow, big, unseen]) {
      const statuses = (await bench.statuses(id)).map((event) => event.status);
      assertEquals(statuses, ["notStarted", "started", "finishedSuccessfully"]);
    }
    assertEquals([await events.stop(), await logs.stop()], [0, 0]);
  },
);

test(
  "G16 forwarders may start before Redis and Docker, and work when both have come",
  async (bench, proxy) => {
    const container = await bench.containers.run("early", "echo 1");
    await bench.server.stop();
    proxy.cut();
    const settings = { DOCKER_HOST: `unix://${proxy.path}` };
    const events = await bench.start("event_forwarder", settings);
    const logs = await bench.start("log_forwarder", settings);
    await sleep(1_500);
    await bench.server.start();
    await sleep(500);
    proxy.mend();
    await until("told", async () => (await bench.logs(container.id)).length === 2);
    await until("reported", async () => (await bench.statuses(container.id)).length === 3);
    assertEquals([await events.stop(), await logs.stop()], [0, 0]);
  },
);

test("G15 forwarders that still wait for Redis and Docker stop when told", async (bench, proxy) => {
  await bench.server.stop();
  proxy.cut();
  const settings = { DOCKER_HOST: `unix://${proxy.path}` };
  const events = await bench.start("event_forwarder", settings);
  const logs = await bench.start("log_forwarder", settings);
  assertEquals([await events.stop(), await logs.stop()], [0, 0]);
  await bench.server.start();
});

test("a log whose connection is cut is an outage, never a regular end", async (bench, proxy) => {
  const container = await bench.containers.run("cut", "seq 1 200000");
  const runtime = new DockerRuntime({
    host: `unix://${proxy.path}`,
    label: TEST_LABEL,
    labelValue: bench.containers.label,
    log: silentLogger,
  });
  let fragments = 0;
  await assertRejects(
    async () => {
      for await (
        const batch of runtime.lines(container.id, { follow: false }, new AbortController().signal)
      ) {
        if (fragments === 0) proxy.cutOnce();
        fragments += batch.length;
      }
    },
    OutageError,
    "read the log",
  );
  proxy.cut();
  await assertRejects(() => runtime.inspect(container.id), OutageError);
  await assertRejects(() => runtime.lastFragment(container.id), OutageError);
  await assertRejects(() => runtime.ping(), OutageError);
});
