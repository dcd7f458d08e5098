import { assert, assertEquals } from "@std/assert";
import type Docker from "dockerode";
import type { LogEvent } from "lib/event/log.ts";
import { sleep } from "lib/run/sleep.ts";
import { NO_DOCKER } from "lib/testing/test_containers.ts";
import { type ForwarderBench, openForwarderBench, until } from "./forwarder_bench.ts";

const LINES = 50_000;
const PARTS = 20;
/** The runtime keeps about 6,700 lines as `json-file` stores them: two parts of the output, and a half. */
const SMALL = { "max-size": "100k", "max-file": "5" };

/** Prints 1…LINES in parts, the next one when the file of its number is there. */
const PARTWISE = `n=${LINES / PARTS}; p=0; while [ $p -lt ${PARTS} ]; do
  until [ -e /tmp/go$p ]; do sleep 0.01; done; seq $((p*n+1)) $((p*n+n)); p=$((p+1)); done`;

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

function logConfig(Type: string, Config: Record<string, string>): Docker.ContainerCreateOptions {
  return { HostConfig: { LogConfig: { Type, Config } } };
}

async function letPrint(container: Docker.Container, part: number): Promise<void> {
  await (await container.exec({ Cmd: ["touch", `/tmp/go${part}`] })).start({ Detach: true });
}

/** How many lines the log forwarder has published, by its own record: reading the stream takes longer. */
async function published(bench: ForwarderBench, id: string): Promise<number> {
  const cursor = await bench.redis.get(`chris:log-forwarder:cursor:${id}`);
  return cursor === null ? 0 : JSON.parse(cursor).seq;
}

async function untilEnded(bench: ForwarderBench, id: string): Promise<LogEvent[]> {
  await until("told the end", async () => {
    const cursor = await bench.redis.get(`chris:log-forwarder:cursor:${id}`);
    return cursor !== null && JSON.parse(cursor).eos !== null;
  }, 240_000);
  return await bench.logs(id);
}

/** Fails unless every event has an id of its own and `seq` counts the lines, with one marker at the end. */
function assertWhole(events: readonly LogEvent[]): void {
  const lines = events.filter((event) => !event.eos);
  assertEquals(lines.findIndex((event, i) => event.seq !== i + 1), -1, "seq counts the lines");
  assertEquals(new Set(events.map((event) => event.event_id)).size, events.length);
  assertEquals(
    events.map((event) => event.eos).lastIndexOf(false),
    events.length - 2,
    "one marker, at the end",
  );
  assertEquals(events.at(-1)?.seq, lines.length);
}

for (
  const [driver, config] of [
    ["json-file", SMALL],
    ["json-file", { ...SMALL, compress: "true" }],
    ["local", SMALL],
  ] as const
) {
  const name = `${driver}${"compress" in config ? " with compression" : ""}`;
  test(`G1 no line of ${LINES} is lost or doubled while the log rotates under a reader that keeps up (${name})`, async (bench) => {
    const container = await bench.containers.start("rotating", PARTWISE, logConfig(driver, config));
    let forwarder = await bench.start("log_forwarder", { FORWARDER_LEASE_TTL_MS: "500" });
    for (let part = 0; part < PARTS; part++) {
      await letPrint(container, part);
      await until(
        `published part ${part}`,
        async () => await published(bench, container.id) >= (part + 1) * (LINES / PARTS),
      );
      if (part !== 7 && part !== 13) continue;
      await forwarder.kill();
      forwarder = await bench.start("log_forwarder", { FORWARDER_LEASE_TTL_MS: "500" });
    }
    const events = await untilEnded(bench, container.id);
    assertWhole(events);
    assertEquals(events.length, LINES + 1);
    assertEquals(events.findIndex((event, i) => !event.eos && event.line !== `${i + 1}`), -1);
    assertEquals(events.filter((event) => event.gap), []);
    assertEquals(forwarder.output().includes("dropped lines"), false);
  });
}

for (
  const [driver, config] of [
    ["json-file", SMALL],
    ["json-file", { "max-size": "400k" }],
    ["local", SMALL],
  ] as const
) {
  const name = `${driver}${"max-file" in config ? "" : " in one file"}`;
  test(`G1 lines that rotated away unread are told as one gap, and nothing else is lost or doubled (${name})`, async (bench) => {
    const container = await bench.containers.start("gap", PARTWISE, logConfig(driver, config));
    const first = await bench.start("log_forwarder", { FORWARDER_LEASE_TTL_MS: "500" });
    await letPrint(container, 0);
    const before = await until("published some", () => published(bench, container.id));
    await first.kill();
    const seen = (await bench.logs(container.id)).length;
    assert(seen >= before);
    for (let part = 1; part < PARTS; part++) await letPrint(container, part);
    await container.wait();
    const held = (await container.logs({ stdout: true, stderr: true, follow: false })).length;
    assert(held > 0 && held < 6 * LINES * 0.9, "most of it has rotated away");
    const second = await bench.start("log_forwarder");
    const events = await untilEnded(bench, container.id);
    assertWhole(events);
    const numbers = events.filter((event) => !event.eos).map((event) => Number(event.line));
    const jumps = numbers.flatMap((n, i) => n === (numbers[i - 1] ?? 0) + 1 ? [] : [i]);
    assertEquals(jumps.length, 1, "the numbers go on but for one jump ahead");
    assertEquals(events.flatMap((event, i) => event.gap ? [i] : []), jumps);
    assertEquals(numbers.at(-1), LINES);
    await second.stop();
    assertEquals(second.output().match(/dropped lines/g)?.length, 1, "said once in the log");
  });
}

test("G1 a rotating log that a pause of the forwarder leaves behind shows its gaps, in order, none twice", async (bench) => {
  const script = `i=0; while [ $i -lt ${LINES} ]; do seq $((i+1)) $((i+500)); i=$((i+500)); sleep 0.02; done`;
  const container = await bench.containers.start("paused", script, logConfig("json-file", SMALL));
  const forwarder = await bench.start("log_forwarder");
  const running = async () => (await container.inspect()).State.Running;
  while (await running()) {
    const before = await until("published more", () => published(bench, container.id));
    Deno.kill(forwarder.pid, "SIGSTOP");
    await sleep(700);
    Deno.kill(forwarder.pid, "SIGCONT");
    await until(
      "published more",
      async () => await published(bench, container.id) > before || !await running(),
    );
  }
  const events = await untilEnded(bench, container.id);
  assertWhole(events);
  const numbers = events.filter((event) => !event.eos).map((event) => Number(event.line));
  const jumps = numbers.flatMap((n, i) => n === (numbers[i - 1] ?? 0) + 1 ? [] : [i]);
  assertEquals(
    numbers.findIndex((n, i) => n <= (numbers[i - 1] ?? 0)),
    -1,
    "nothing twice, nothing out of order",
  );
  const told = events.flatMap((event, i) => event.gap ? [i] : []);
  assertEquals(jumps.filter((i) => !told.includes(i)), [], "no line is missing in silence");
  assertEquals(numbers.at(-1), LINES);
});
