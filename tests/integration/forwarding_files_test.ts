import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { NO_DOCKER } from "lib/testing/test_containers.ts";
import { until } from "lib/testing/until.ts";
import { type ForwarderBench, openForwarderBench } from "./forwarder_bench.ts";

/** All that containers printed, as a log forwarder with these settings tells it, which reads it while it is printed. */
async function forwarded(bench: ForwarderBench, ids: readonly string[], settings: Record<string, string>) {
  await using forwarder = await bench.start("log_forwarder", settings);
  const ended = async () => (await bench.logs()).filter(({ eos }) => eos).length === ids.length;
  await until("all ends are told", ended, 240_000);
  const events = await Promise.all(ids.map((id) => bench.logs(id)));
  await forwarder.stop();
  return { events, output: forwarder.output() };
}

const PRINTING = {
  fast: "seq 1 30000",
  slow: "i=0; while [ $i -lt 60 ]; do i=$((i+1)); echo $i; sleep 0.02; done",
  odd: "printf 'gr\\303\\274n \\377 <&> \\t \\r\\n\\n'; echo err >&2; " +
    "head -c 40000 /dev/zero | tr '\\0' y; echo; printf 'no newline'",
};

Deno.test({
  name: "G1 G2 a log read from the Engine's files gives the very events that the Engine's answers give",
  ignore: NO_DOCKER || Deno.uid() !== 0,
  fn: async () => {
    await using bench = await openForwarderBench();
    const { containers } = bench;
    const started = await Promise.all(
      Object.entries(PRINTING).map(([name, script]) => containers.start(name, script)),
    );
    const ids = started.map(({ id }) => id);
    const dir = await containers.logDir();
    const { LogPath } = await containers.docker.getContainer(ids[0] ?? "").inspect();
    assertEquals(LogPath, `${dir}/${ids[0]}/${ids[0]}-json.log`); // else the Engine would be asked here, too
    const { events, output } = await forwarded(bench, ids, { DOCKER_LOG_DIR: dir });
    assert(!output.includes("DOCKER_LOG_DIR"), output);
    assertEquals(events.map((all) => all.length), [30_001, 61, 5 + 1]);
    await bench.redis.flushall();
    assertEquals((await forwarded(bench, ids, {})).events, events);
  },
});

Deno.test({
  name:
    "a folder of log files that cannot be read is told at the start, and the Engine is asked for all logs",
  ignore: NO_DOCKER,
  fn: async () => {
    await using bench = await openForwarderBench();
    const { id } = await bench.containers.start("one", "echo one");
    const { events, output } = await forwarded(bench, [id], { DOCKER_LOG_DIR: "/nowhere/containers" });
    assertEquals(events.map((all) => all.map(({ line }) => line)), [["one", ""]]);
    assertStringIncludes(output, "cannot read DOCKER_LOG_DIR");
  },
});
