import { assert, assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import type { LogEvent } from "lib/event/log.ts";
import { sleep } from "lib/run/sleep.ts";
import { NO_DOCKER, type TestContainers } from "lib/testing/test_containers.ts";
import { type ForwarderBench, openForwarderBench, randomFrom, until } from "./forwarder_bench.ts";

/** For a forwarder that is to die or to be paused: how soon another may take its place. */
const BRIEF = { FORWARDER_LEASE_TTL_MS: "500" };

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

/** Waits for the end-of-stream marker of each container. */
async function untilAllTold(bench: ForwarderBench, ids: readonly string[], ms = 240_000): Promise<void> {
  await until("told the end of every log", async () => {
    const marked = (await Promise.all(ids.map((id) => bench.redis.get(`chris:log-forwarder:cursor:${id}`))))
      .filter((cursor) => cursor !== null && JSON.parse(cursor).eos !== null);
    return marked.length === ids.length;
  }, ms);
}

/** Fails unless the container's events are exactly these lines, numbered from 1, and one marker at the end. */
function assertLog(events: readonly LogEvent[], expected: readonly string[]): void {
  const lines = events.filter((event) => !event.eos);
  assertEquals(lines.length, expected.length);
  const wrong = lines.findIndex((event, i) => event.line !== expected[i] || event.seq !== i + 1);
  assertEquals(wrong, -1, `line ${wrong + 1} is ${JSON.stringify(lines[wrong])?.slice(0, 300)}`);
  assertEquals(
    new Set(events.map((event) => event.event_id)).size,
    events.length,
    "every event has an id of its own",
  );
  assertEquals(events.filter((event) => event.eos).length, 1, "one end-of-stream marker");
  const last = events.at(-1);
  assertEquals([last?.eos, last?.seq], [true, expected.length]);
}

/** How many log events there are. */
async function published(bench: ForwarderBench): Promise<number> {
  const shards = Array.from({ length: 8 }, (_, shard) => bench.redis.xlen(`stream:job-logs:${shard}`));
  return (await Promise.all(shards)).reduce((sum, count) => sum + count);
}

const oneTo = (n: number) => Array.from({ length: n }, (_, i) => `${i + 1}`);

test("G1 a log forwarder that is killed again and again publishes exactly 1…n of every container", async (bench) => {
  const seed = Math.floor(Math.random() * 1e9);
  console.log(`seed ${seed}`);
  const random = randomFrom(seed);
  const { containers } = bench;
  const slow = await containers.start(
    "slow",
    "i=0; while [ $i -lt 400 ]; do i=$((i+1)); echo $i; sleep 0.02; done",
  );
  const fast = await containers.start("fast", "seq 1 100000");
  const bursts = await containers.start(
    "bursts",
    "for i in $(seq 0 19); do seq $((i*500+1)) $((i*500+500)); sleep 0.3; done",
  );
  const found = new Set<number>();
  for (let deaths = 0; deaths < 8; deaths++) {
    const before = await published(bench);
    const forwarder = await bench.start("log_forwarder", BRIEF);
    await until("publishing", async () => {
      const count = await published(bench);
      return count > before || count === 400 + 100_000 + 10_000 + 3;
    });
    await sleep(random() * 500);
    await forwarder.kill();
    found.add(await published(bench));
    await sleep(random() * 300);
  }
  assert(found.size >= 3, `it died at different points of its work: ${[...found]}`);
  await bench.start("log_forwarder");
  await untilAllTold(bench, [slow.id, fast.id, bursts.id]);
  assertLog(await bench.logs(slow.id), oneTo(400));
  assertLog(await bench.logs(fast.id), oneTo(100_000));
  assertLog(await bench.logs(bursts.id), oneTo(10_000));
});

test("G1 containers that lived wholly while the log forwarder was down are read, each stream in its order", async (bench) => {
  const { containers } = bench;
  const both = await containers.run("both", "for i in $(seq 1 300); do echo o$i; echo e$i >&2; done");
  const silent = await containers.run("silent", "true");
  const failed = await containers.run("failed", "echo before; exit 3");
  await bench.start("log_forwarder");
  await untilAllTold(bench, [both.id, silent.id, failed.id]);
  const events = await bench.logs(both.id);
  const of = (stream: string) =>
    events.filter((event) => event.stream === stream && !event.eos).map((event) => event.line);
  assertEquals([of("stdout"), of("stderr")], [
    oneTo(300).map((n) => `o${n}`),
    oneTo(300).map((n) => `e${n}`),
  ]);
  assertLog(await bench.logs(silent.id), []);
  assertLog(await bench.logs(failed.id), ["before"]);
  const { State } = await failed.inspect();
  const [marker] = (await bench.logs(failed.id)).slice(-1);
  assertEquals(marker?.timestamp, micros(State.FinishedAt), "the marker has the time of the end");
});

const BYTES_SCRIPT = [
  `printf '\\n\\n'`,
  `printf '10%%\\r20%%\\r\\n'`,
  `printf 'nul\\000nul\\n'`,
  `printf 'bad \\377\\376 bytes\\n'`,
  `head -c 1048576 /dev/zero | tr '\\0' a; echo`,
  `head -c 1048577 /dev/zero | tr '\\0' b; echo`,
  `head -c 16384 /dev/zero | tr '\\0' c; echo`,
  `head -c 16382 /dev/zero | tr '\\0' d; printf '\\360\\235\\204\\236\\n'`,
  `printf 'last words \\346\\227\\245'`,
].join("; ");

// The default driver keeps text: a character on the edge of two of its records is lost before anyone reads it.
for (const [driver, edge] of [["local", "𝄞"], ["json-file", "\ufffd\ufffd\ufffd\ufffd"]] as const) {
  test(`G2 lines are what was written: empty, 1 MiB, NUL, no UTF-8, no newline at the end (log driver ${driver})`, async (bench) => {
    const HostConfig = { LogConfig: { Type: driver, Config: {} } };
    await using forwarder = await bench.start("log_forwarder");
    const container = await bench.containers.start("bytes", BYTES_SCRIPT, { HostConfig });
    await untilAllTold(bench, [container.id]);
    const events = await bench.logs(container.id);
    assertLog(events, [
      "",
      "",
      "10%\r20%\r",
      "nul\0nul",
      "bad \ufffd\ufffd bytes",
      "a".repeat(1_048_576),
      "b".repeat(1_048_576),
      "c".repeat(16_384),
      "d".repeat(16_382) + edge,
      "last words 日",
    ]);
    assertEquals(events.flatMap((event, i) => event.lossy ? [i] : []), driver === "local" ? [4] : [4, 8]);
    assertEquals(events.flatMap((event, i) => event.truncated ? [[i, event.truncated]] : []), [[
      6,
      1_048_577,
    ]]);
    assertEquals(await forwarder.stop(), 0);
  });
}

test("G2 the output of a container with a terminal is read, each line with the carriage return it has there", async (bench) => {
  const container = await bench.containers.run(
    "tty",
    "head -c 40000 /dev/zero | tr '\\0' a; echo; echo x; printf tail",
    { Tty: true },
  );
  await bench.start("log_forwarder");
  await untilAllTold(bench, [container.id]);
  assertLog(await bench.logs(container.id), [`${"a".repeat(40_000)}\r`, "x\r", "tail"]);
});

test("G1 two log forwarders, one paused past its lease, publish every line once", async (bench) => {
  const container = await bench.containers.start(
    "watched",
    "i=0; while [ $i -lt 300 ]; do i=$((i+1)); echo $i; sleep 0.02; done",
  );
  const first = await bench.start("log_forwarder", BRIEF);
  await until("publishing", async () => (await bench.logs(container.id)).length > 0);
  await bench.start("log_forwarder", BRIEF);
  for (let pauses = 0; pauses < 3; pauses++) {
    Deno.kill(first.pid, "SIGSTOP");
    await sleep(1_200);
    Deno.kill(first.pid, "SIGCONT");
    await sleep(300);
  }
  await untilAllTold(bench, [container.id]);
  assertLog(await bench.logs(container.id), oneTo(300));
});

test("G8 an outage of Redis in the middle of a log is a pause", async (bench) => {
  const container = await bench.containers.start(
    "redis-away",
    "i=0; while [ $i -lt 200 ]; do i=$((i+1)); echo $i; sleep 0.02; done",
  );
  await using forwarder = await bench.start("log_forwarder");
  await until("publishing", async () => (await bench.logs(container.id)).length > 0);
  await bench.server.stop();
  await sleep(2_000);
  await bench.server.start();
  await untilAllTold(bench, [container.id]);
  assertLog(await bench.logs(container.id), oneTo(200));
  assertEquals(await forwarder.stop(), 0);
});

test("G14 what Redis forgot is published again from what the runtime holds", async (bench) => {
  const { containers } = bench;
  const done = await containers.run("done", "seq 1 50");
  const running = await containers.start(
    "running",
    "seq 1 50; until [ -e /tmp/go ]; do sleep 0.05; done; echo 51",
  );
  await bench.start("log_forwarder", { LOG_RELIST_SECONDS: "0.5" });
  await untilAllTold(bench, [done.id]);
  await bench.redis.flushall();
  await untilAllTold(bench, [done.id]);
  const exec = await running.exec({ Cmd: ["touch", "/tmp/go"] });
  await exec.start({ Detach: true });
  await untilAllTold(bench, [running.id]);
  assertLog(await bench.logs(done.id), oneTo(50));
  assertLog(await bench.logs(running.id), oneTo(51));
});

test("G15 a log forwarder told to stop under load exits 0 at once, and its successor goes on where it was", async (bench) => {
  const container = await bench.containers.start("stopped", "seq 1 100000");
  const forwarder = await bench.start("log_forwarder", { SHUTDOWN_GRACE_SECONDS: "60" });
  await until(
    "publishing",
    async () => await bench.redis.exists(`chris:log-forwarder:cursor:${container.id}`),
  );
  const began = performance.now();
  assertEquals(await forwarder.stop(), 0);
  assert(performance.now() - began < 20_000, "it stopped in good time");
  await bench.start("log_forwarder");
  await untilAllTold(bench, [container.id]);
  assertLog(await bench.logs(container.id), oneTo(100_000));
});

test("a container removed while it runs has the end of its log told, once, with what was got", async (bench) => {
  const watched = await bench.containers.start("watched", "echo 1; sleep 100");
  const unwatched = await bench.containers.start("unwatched", "echo 1; sleep 100");
  const created = await bench.containers.create("created", "true");
  const forwarder = await bench.start("log_forwarder", BRIEF);
  await until("publishing", async () => (await bench.logs()).length === 2);
  await watched.remove({ force: true });
  await untilAllTold(bench, [watched.id]);
  await forwarder.kill();
  await unwatched.remove({ force: true });
  await created.remove();
  await bench.start("log_forwarder");
  await untilAllTold(bench, [unwatched.id]);
  assertLog(await bench.logs(watched.id), ["1"]);
  assertLog(await bench.logs(unwatched.id), ["1"]);
  assertEquals(await bench.logs(created.id), []);
});

test("G1 a container made anew under the name of another has a log of its own", async (bench) => {
  await bench.start("log_forwarder");
  const ids: string[] = [];
  for (const text of ["first", "second"]) {
    const container = await bench.containers.run("again", `echo ${text}; echo same`);
    await untilAllTold(bench, [container.id]);
    await container.remove();
    ids.push(container.id);
  }
  assertLog(await bench.logs(ids[0]), ["first", "same"]);
  assertLog(await bench.logs(ids[1]), ["second", "same"]);
});

test("G1 a container that is started again goes on with its log, also after a last line without newline", async (bench) => {
  const container = await bench.containers.run("restarted", "echo run; printf tail");
  const forwarder = await bench.start("log_forwarder", BRIEF);
  await untilAllTold(bench, [container.id]);
  await forwarder.kill();
  await container.start();
  await container.wait();
  await bench.start("log_forwarder");
  await until(
    "told both ends",
    async () => (await bench.logs(container.id)).filter((event) => event.eos).length === 2,
  );
  const events = await bench.logs(container.id);
  assertEquals(events.map((event) => event.eos ? "END" : event.line), [
    "run",
    "tail",
    "END",
    "run",
    "tail",
    "END",
  ]);
  assertEquals(events.map((event) => event.seq), [1, 2, 2, 3, 4, 4]);
});

/** Times as the wire has them, told independently of the code. */
function micros(time: string): string {
  const [whole = "", fraction = ""] = time.replace("Z", "").split(".");
  const digits = fraction.padEnd(6, "0").slice(0, 6);
  return `${whole}${digits === "000000" ? "" : `.${digits}`}+00:00`;
}

/** The event ids of a container's life, computed from what Docker says about it. */
async function idsFromInspect(containers: TestContainers, id: string): Promise<string[]> {
  const { Name, Created, State } = await containers.docker.getContainer(id).inspect();
  const job = Name.slice(1).replace(/-(copy|upload|delete)$/, "");
  const type = /-(copy|upload|delete)$/.exec(Name)?.[1] ?? "plugin";
  const facts = [["notStarted", Created]];
  if (!State.StartedAt.startsWith("0001")) facts.push(["started", State.StartedAt]);
  if (State.Status === "exited") {
    facts.push([State.ExitCode === 0 ? "finishedSuccessfully" : "finishedWithError", State.FinishedAt]);
  }
  return facts.map(([status, time = ""]) => {
    const text = `${job}:${type}:${status}:${micros(time).replace("T", " ")}`;
    return createHash("sha256").update(text).digest("hex").slice(0, 24);
  });
}

async function untilStatuses(bench: ForwarderBench, id: string, count: number): Promise<void> {
  await until(`${count} states published`, async () => (await bench.statuses(id)).length >= count);
}

test("G3 every state is reported once with its own time, live, after downtime and by a second forwarder", async (bench) => {
  const { containers } = bench;
  const whileDown = await containers.run("while-down", "exit 3");
  const across = await containers.start("across-copy", "until [ -e /tmp/go ]; do sleep 0.02; done");
  const created = await containers.create("created-upload", "true");
  const first = await bench.start("event_forwarder", { ...BRIEF, DOCKER_RECONCILE_SECONDS: "0" });
  const live = await containers.run("live-delete", "sleep 0.3");
  await untilStatuses(bench, live.id, 3);
  await untilStatuses(bench, across.id, 2);
  await first.kill();
  await (await across.exec({ Cmd: ["touch", "/tmp/go"] })).start({ Detach: true });
  await across.wait();
  await bench.start("event_forwarder", { DOCKER_RECONCILE_SECONDS: "0.2" });
  const second = await bench.start("event_forwarder", { DOCKER_RECONCILE_SECONDS: "0.2" });
  await untilStatuses(bench, across.id, 3);
  await untilStatuses(bench, whileDown.id, 3);
  await untilStatuses(bench, created.id, 1);
  await sleep(1_500); // several reconciliations, which must add nothing
  for (const { id } of [whileDown, across, created, live]) {
    const events = await bench.statuses(id);
    assertEquals(events.map((event) => event.event_id), await idsFromInspect(containers, id));
    assertEquals(
      events.map((event) => event.previous_status),
      [null, ...events.map((event) => event.status)].slice(0, events.length),
    );
  }
  const [end] = (await bench.statuses(whileDown.id)).slice(-1);
  assertEquals([end?.status, end?.exit_code, end?.message, end?.reason?.code], [
    "finishedWithError",
    3,
    "exited",
    "exit",
  ]);
  assertEquals(await second.stop(), 0);
});

test("G3 many short containers at once, with the event forwarder killed and paused meanwhile", async (bench) => {
  const { containers } = bench;
  const first = await bench.start("event_forwarder", BRIEF);
  const names = Array.from({ length: 12 }, (_, i) => `short${i}`);
  const running = (async () => {
    const made: string[] = [];
    for (const name of names) made.push((await containers.start(name, `exit ${name.length % 2}`)).id);
    return made;
  })();
  await sleep(700);
  await first.kill();
  const second = await bench.start("event_forwarder", BRIEF);
  Deno.kill(second.pid, "SIGSTOP");
  await sleep(700);
  const third = await bench.start("event_forwarder");
  Deno.kill(second.pid, "SIGCONT");
  const ids = await running;
  await Promise.all(ids.map((id) => containers.docker.getContainer(id).wait()));
  for (const id of ids) await untilStatuses(bench, id, 3);
  for (const id of ids) {
    assertEquals(
      (await bench.statuses(id)).map((event) => event.event_id),
      await idsFromInspect(containers, id),
    );
  }
  assertEquals([await second.stop(), await third.stop()], [0, 0]);
});

test("G3 a container that vanished while nobody looked is reported once as undefined, at its last known time", async (bench) => {
  const { containers } = bench;
  const gone = await containers.start("gone", "sleep 100");
  const removedAfterEnd = await containers.run("ended", "true");
  const first = await bench.start("event_forwarder", BRIEF);
  await untilStatuses(bench, gone.id, 2);
  await untilStatuses(bench, removedAfterEnd.id, 3);
  const { State } = await gone.inspect();
  await first.kill();
  await gone.remove({ force: true });
  await removedAfterEnd.remove();
  await bench.start("event_forwarder", { DOCKER_RECONCILE_SECONDS: "0.2" });
  await bench.start("event_forwarder", { DOCKER_RECONCILE_SECONDS: "0.2" });
  await untilStatuses(bench, gone.id, 3);
  await sleep(1_000); // more looks, which must add nothing
  const events = await bench.statuses(gone.id);
  assertEquals(events.map((event) => event.status), ["notStarted", "started", "undefined"]);
  assertEquals([events[2]?.timestamp, events[2]?.previous_status, events[2]?.reason?.code], [
    micros(State.StartedAt),
    "started",
    "vanished",
  ]);
  assertEquals((await bench.statuses(removedAfterEnd.id)).length, 3);
});

test("a container whose command does not exist stays notStarted and says why", async (bench) => {
  await bench.start("event_forwarder");
  const container = await bench.containers.create("no-command", "", { Cmd: ["/no/such/command"] });
  await container.start().catch(() => {});
  await untilStatuses(bench, container.id, 1);
  await sleep(500);
  assertEquals((await bench.statuses(container.id)).map((event) => event.status), ["notStarted"]);
});

test("EMIT_INITIAL_STATE=false leaves out what was there before, until it changes", async (bench) => {
  const { containers } = bench;
  const old = await containers.run("old", "true");
  const changing = await containers.start("changing", "until [ -e /tmp/go ]; do sleep 0.02; done");
  const forwarder = await bench.start("event_forwarder", {
    EMIT_INITIAL_STATE: "false",
    DOCKER_RECONCILE_SECONDS: "0.2",
    HEALTH_PORT: "0",
  });
  const address = () =>
    /"hostname":"([^"]+)","port":(\d+),"msg":"health server listens"/.exec(forwarder.output());
  const [, hostname, port] = await until("listening", address) ?? [];
  await until("aware of what was there before", async () => {
    const metrics = await (await fetch(`http://${hostname}:${port}/metrics`)).text();
    return /^chris_runtime_lists_total\{.*reason="regular".*\} [1-9]/m.test(metrics);
  });
  const fresh = await containers.run("fresh", "true");
  await untilStatuses(bench, fresh.id, 3);
  assertEquals(await bench.statuses(changing.id), []);
  await (await changing.exec({ Cmd: ["touch", "/tmp/go"] })).start({ Detach: true });
  await untilStatuses(bench, changing.id, 3);
  assertEquals(await bench.statuses(old.id), []);
});
