import { assertEquals } from "@std/assert";
import { NO_DOCKER, TEST_LABEL, TestContainers } from "lib/testing/test_containers.ts";
import { NO_PRIVATE_DOCKER, PrivateDocker } from "lib/testing/private_docker.ts";
import { openForwarderBench, until } from "./forwarder_bench.ts";
import { assertLog, assertStates, oneTo, storedLines, untilEnded } from "./forwarding_truth.ts";

/** Stops when told to, unlike most shells that are process 1. */
const TALK = "trap 'exit 5' TERM; i=0; while [ $i -lt 500 ]; do i=$((i+1)); echo $i; sleep 0.02; done";

for (
  const [how, options, signal] of [
    ["stopped, with --live-restore", ["--live-restore"], "SIGTERM"],
    ["killed, with --live-restore", ["--live-restore"], "SIGKILL"],
    ["stopped", [], "SIGTERM"],
    ["killed", [], "SIGKILL"],
  ] as const
) {
  const survive = options.length > 0;
  Deno.test({
    name:
      `G1 G3 a Docker daemon that is ${how} and started again costs no line and no state, and doubles none`,
    ignore: NO_DOCKER || NO_PRIVATE_DOCKER,
    fn: async () => {
      await using engine = await PrivateDocker.start(options);
      await using bench = await openForwarderBench();
      await using containers = await TestContainers.open(engine.host);
      const settings = {
        DOCKER_HOST: engine.host,
        DOCKER_LABEL_FILTER: TEST_LABEL,
        DOCKER_LABEL_VALUE: containers.label,
        DOCKER_RECONCILE_SECONDS: "0.5",
        LOG_RELIST_SECONDS: "0.5",
        LOG_SILENCE_SECONDS: "2",
      };
      const before = await containers.run("before", "seq 1 100; exit 3");
      const events = await bench.start("event_forwarder", settings);
      const logs = await bench.start("log_forwarder", settings);
      const talker = await containers.start("talker", TALK);
      const ending = await containers.start("ending", "seq 1 50; sleep 1.5");
      const made = await containers.create("made", "true");
      await until("talking", async () => (await bench.logs(talker.id)).length > 10);
      await engine.end(signal);
      await engine.start();
      const after = await containers.run("after", "seq 1 100");
      await talker.wait();
      await ending.wait();
      await untilEnded(bench, [before, talker, ending, after].map(({ id }) => id));
      assertLog(await bench.logs(before.id), oneTo(100));
      assertLog(await bench.logs(after.id), oneTo(100));
      for (const container of [talker, ending]) {
        assertLog(await bench.logs(container.id), await storedLines(container));
      }
      if (survive) {
        assertEquals(await storedLines(talker), oneTo(500), "this test is of a daemon that restores");
      }
      await assertStates(bench, [before, talker, ending, made, after]);
      assertEquals([await events.stop(), await logs.stop()], [0, 0]);
    },
  });
}
