import { assert, assertEquals, assertRejects } from "@std/assert";
import { decodeLogEvent, decodeStatusEvent } from "lib/event/codec.ts";
import { silentLogger } from "lib/run/log.ts";
import { OutageError } from "lib/run/outage_error.ts";
import { sleep } from "lib/run/sleep.ts";
import type { Change, ContainerFacts, Fragment } from "lib/runtime/runtime.ts";
import { Semaphore } from "lib/runtime/semaphore.ts";
import { LifeRecord, PublicationsLostError } from "lib/stream/life_record.ts";
import { LogRecord } from "lib/stream/log_record.ts";
import { LossWatch } from "lib/stream/loss_watch.ts";
import { openRedis } from "lib/stream/open_redis.ts";
import { FakeRuntime } from "lib/testing/fake_runtime.ts";
import { tempRedis } from "lib/testing/servers.ts";
import { EventForwarder } from "../../workers/event_forwarder/forwarder.ts";
import { LogForwarder } from "../../workers/log_forwarder/forwarder.ts";
import { until } from "./forwarder_bench.ts";

/** Lists its containers every 20 ms even if nobody asks for it, and counts what else it is asked. */
class CountedRuntime extends FakeRuntime {
  lists = 0;
  inspections = 0;
  tails = 0;
  /** Whether changes are told only by lists. */
  deafEvents = false;
  /** A container of which it cannot tell. */
  broken = "";
  /** Answers to inspections of a container that are under way, until each is called. */
  readonly slow: { id: string; answers: (() => void)[] } = { id: "", answers: [] };

  override async *changes(signal: AbortSignal): AsyncGenerator<Change> {
    for await (const change of super.changes(signal, { relistMs: 20 })) {
      if (change.kind === "listed") {
        this.lists++;
        const jobOf = (id: string) => id.replace(/(-(copy|upload|delete))?-\d+$/, "");
        yield {
          ...change,
          containers: change.containers.map((each) => ({ ...each, jobId: jobOf(each.id) })),
        };
      } else if (!this.deafEvents) yield change;
    }
  }

  override async inspect(id: string): Promise<ContainerFacts | null> {
    this.inspections++;
    if (id === this.broken) throw new OutageError("docker", "inspect a broken container");
    const facts = await super.inspect(id);
    if (id === this.slow.id) await new Promise<void>((resolve) => this.slow.answers.push(resolve));
    if (id.includes("-copy")) await sleep(30); // what was made first takes longest
    return facts;
  }

  override async lastFragment(id: string): Promise<Fragment | null> {
    this.tails++;
    return await super.lastFragment(id);
  }
}

async function setup() {
  const stack = new AsyncDisposableStack();
  const server = stack.use(await tempRedis());
  const redis = stack.use(openRedis(server.url, { name: "test", log: silentLogger }));
  const runtime = new CountedRuntime();
  const common = { runtime, maxlen: 1_000, log: silentLogger };
  const run = (forwarder: EventForwarder | LogForwarder) => {
    const stop = new AbortController();
    const running = forwarder.run(stop.signal);
    const end = async () => {
      stop.abort();
      await running;
    };
    stack.defer(end);
    return end;
  };
  return {
    redis,
    server,
    runtime,
    startEvents: (relistMs: number, emitInitialState = true) =>
      run(
        new EventForwarder({
          ...common,
          record: new LifeRecord(redis, "default"),
          streamOf: () => "statuses",
          emitInitialState,
          relistMs,
        }),
      ),
    startLogs: (relistMs: number) =>
      run(
        new LogForwarder({
          ...common,
          record: new LogRecord(redis, "default"),
          streamOf: () => "logs",
          maxLineBytes: 1_024,
          silenceMs: 10,
          relistMs,
          backlog: new Semaphore(2),
        }),
      ),
    statuses: async () =>
      (await redis.xrange("statuses", "-", "+")).map(([, fields]) => decodeStatusEvent(fields[1] ?? "")),
    logs: async () =>
      (await redis.xrange("logs", "-", "+")).map(([, fields]) => decodeLogEvent(fields[1] ?? "")),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Waits for some more lists of the runtime. */
async function lists(runtime: CountedRuntime, count: number): Promise<void> {
  const before = runtime.lists;
  await until(`${count} more lists`, () => runtime.lists >= before + count);
}

Deno.test("containers at rest cost the event forwarder one inspection in ten lists, and what they do is still seen", async () => {
  await using bench = await setup();
  const { runtime } = bench;
  const containers = Array.from({ length: 20 }, (_, i) => runtime.create(`job${i}`));
  for (const container of containers) await container.start();
  for (const container of containers.slice(10)) await container.end(0);
  bench.startEvents(20);
  await until("published", async () => (await bench.statuses()).length === 50);
  await lists(runtime, 1);
  const before = [runtime.inspections, runtime.lists];
  await lists(runtime, 20);
  const [inspections = 0, passed = 0] = [runtime.inspections, runtime.lists].map((n, i) =>
    n - (before[i] ?? 0)
  );
  assert(inspections <= 20 * (passed / 10 + 1), `${inspections} inspections in ${passed} lists`);
  assert(inspections >= 20, "each had its turn");
  runtime.deafEvents = true;
  await containers[0]?.end(1);
  await containers[10]?.start();
  await until("seen in a list", async () => (await bench.statuses()).length === 52);
  await containers[1]?.end(0);
  await containers[1]?.start(); // a list tells nothing of it
  await until("seen in its turn", async () => (await bench.statuses()).length === 53);
});

Deno.test("G3 what was there before is left out at little cost, whatever one of its containers is like", async () => {
  await using bench = await setup();
  const { runtime } = bench;
  const containers = Array.from({ length: 20 }, (_, i) => runtime.create(`old${i}`));
  for (const container of containers.slice(1)) {
    await container.start();
    await container.end(0);
  }
  runtime.broken = containers[0]?.id ?? "";
  bench.startEvents(20, false);
  await until("looked at", () => runtime.inspections >= 20);
  const before = runtime.inspections;
  await lists(runtime, 10);
  const asked = runtime.inspections - before;
  assert(asked <= 3 * 20, `${asked} inspections in ten lists`);
  const fresh = runtime.create("fresh");
  await fresh.start();
  await containers[1]?.start();
  await until("reported", async () => (await bench.statuses()).length === 4);
  const reported = (await bench.statuses()).map(({ job_id, status }) => `${job_id} ${status}`).sort();
  assertEquals(reported, ["fresh notStarted", "fresh started", "old1 notStarted", "old1 started"]);
});

Deno.test("a log at rest costs the log forwarder ever fewer questions, and its end is seen in a list", async () => {
  await using bench = await setup();
  const { runtime } = bench;
  const container = runtime.create("quiet");
  await container.start();
  await container.write("stdout", "1\n");
  runtime.deafEvents = true;
  runtime.misbehaviour.deafFollowers = true;
  bench.startLogs(20);
  await until("published", async () => (await bench.logs()).length === 1);
  await until("compared at the longest intervals", () => runtime.tails >= 6);
  const before = [runtime.inspections, runtime.tails];
  await lists(runtime, 40); // 80 intervals of silence at least
  const [inspections, tails = 0] = [runtime.inspections, runtime.tails].map((n, i) => n - (before[i] ?? 0));
  assertEquals(inspections, 0);
  assert(tails >= 1 && tails <= 12, `${tails} comparisons`);
  await container.write("stdout", "2\n");
  await until("compared", async () => (await bench.logs()).length === 2);
  await container.end(0); // which no comparison of lines tells
  await until("told", async () => (await bench.logs()).some(({ eos }) => eos), 20_000);
  assertEquals((await bench.logs()).map(({ line, eos }) => eos ? "END" : line), ["1", "2", "END"]);
});

for (const [how, relistMs] of [["regular lists", 20], ["none", 0]] as const) {
  Deno.test(`G14 G4 after Redis forgot everything all is told again, each job in order, with ${how}`, async () => {
    await using bench = await setup();
    const { runtime } = bench;
    const names = ["j1-copy", "j2-copy", "j1", "j2", "j1-upload", "j2-upload"];
    for (const name of names) {
      const container = runtime.create(name);
      await container.start();
      await container.write("stdout", `of ${name}\n`);
      await container.end(0);
    }
    bench.startEvents(relistMs);
    bench.startLogs(relistMs);
    const ofJob = async (job: string) =>
      (await bench.statuses()).filter(({ job_id }) => job_id === job).map(({ event_id }) => event_id);
    const isTold = async () => (await bench.statuses()).length === 18 && (await bench.logs()).length === 12;
    await until("published", isTold);
    await lists(runtime, 2);
    const first = [await ofJob("j1"), await ofJob("j2")];
    const types = (await bench.statuses()).filter(({ job_id }) => job_id === "j1").map(({ job_type }) =>
      job_type
    );
    assertEquals(types, ["copy", "plugin", "upload"].flatMap((type) => [type, type, type]));
    const asked = runtime.inspections;
    if (relistMs === 0) {
      await lists(runtime, 5);
      assertEquals(runtime.inspections, asked, "without a loss, lists are none of our business");
    }
    await bench.redis.flushall();
    await until("published again", isTold);
    assertEquals([await ofJob("j1"), await ofJob("j2")], first);
    await lists(runtime, 5);
    assert(await isTold(), "and once only");
  });
}

Deno.test("G4 G14 a state that follows on a loss comes after all that is told again of its job, long before a list", async () => {
  await using bench = await setup();
  const { runtime } = bench;
  for (const name of ["j1-copy", "j1"]) {
    const container = runtime.create(name);
    await container.start();
    await container.end(0);
  }
  bench.startEvents(600_000);
  await until("published", async () => (await bench.statuses()).length === 6);
  const before = (await bench.statuses()).map(({ event_id }) => event_id);
  await bench.redis.flushall();
  const next = runtime.create("j1-upload");
  await next.start();
  await until("told again", async () => (await bench.statuses()).length === 8);
  const after = await bench.statuses();
  assertEquals(after.slice(0, 6).map(({ event_id }) => event_id), before);
  assertEquals(after.slice(6).map(({ job_type, status }) => `${job_type} ${status}`), [
    "upload notStarted",
    "upload started",
  ]);
});

Deno.test("G4 G14 what was looked at before a loss was noticed is not told before what comes first in its job", async () => {
  await using bench = await setup();
  const { runtime } = bench;
  const [copy, plugin, other] = ["j1-copy", "j1", "j2"].map((name) => runtime.create(name));
  await copy?.end(0);
  await plugin?.start();
  bench.startEvents(600_000);
  await until("published", async () => (await bench.statuses()).length === 5);
  runtime.slow.id = plugin?.id ?? "";
  await plugin?.end(0);
  await until("under way", () => runtime.slow.answers.length === 1);
  await bench.redis.flushall();
  await other?.start();
  await until("told again", async () => (await bench.statuses()).length === 2);
  runtime.slow.id = "";
  runtime.slow.answers[0]?.();
  const ofJob = async () => (await bench.statuses()).filter(({ job_id }) => job_id === "j1");
  await until("all", async () => (await ofJob()).length === 5);
  assertEquals((await ofJob()).map(({ job_type, status }) => `${job_type} ${status}`), [
    "copy notStarted",
    "copy finishedSuccessfully",
    "plugin notStarted",
    "plugin started",
    "plugin finishedSuccessfully",
  ]);
});

Deno.test("G3 G4 a container that vanished while nobody looked is told of before what came after it in its job", async () => {
  await using bench = await setup();
  const { runtime } = bench;
  const copy = runtime.create("j1-copy");
  await copy.start();
  const end = bench.startEvents(0);
  await until("published", async () => (await bench.statuses()).length === 2);
  await end();
  await copy.remove();
  await runtime.create("j1").start();
  bench.startEvents(0);
  await until("published", async () => (await bench.statuses()).length === 5);
  assertEquals((await bench.statuses()).map(({ job_type, status }) => `${job_type} ${status}`), [
    "copy notStarted",
    "copy started",
    "copy undefined",
    "plugin notStarted",
    "plugin started",
  ]);
});

Deno.test("G4 LifeRecord publishes nothing on a Redis that lost its publications, until told to begin anew", async () => {
  await using bench = await setup();
  const record = new LifeRecord(bench.redis, "default");
  const publish = (id: string) =>
    record.publish({ containerId: id, stream: "s", maxlen: 10, events: [{ id, data: id }], live: null });
  assertEquals([await record.hasLost(), await publish("a"), await record.hasLost()], [false, 1, false]);
  await bench.redis.flushall();
  assertEquals(await record.hasLost(), true);
  await assertRejects(() => publish("b"), PublicationsLostError, 'container "b"');
  assertEquals(await bench.redis.xlen("s"), 0);
  record.beginAnew();
  assertEquals([await publish("a"), await publish("b"), await record.hasLost()], [1, 1, false]);
});

Deno.test("G14 LossWatch notices a Redis that was emptied or restarted, once, and nothing else", async () => {
  await using bench = await setup();
  const watch = new LossWatch(bench.redis, "mark");
  const answers = async () => [await watch.hasLost(), await watch.hasLost()];
  assertEquals(await answers(), [false, false]);
  await bench.redis.flushall();
  assertEquals(await answers(), [true, false]);
  await bench.server.kill();
  await bench.server.start();
  await until("back", () => bench.redis.ping().then(() => true, () => false));
  assertEquals(await answers(), [true, false]);
  const other = new LossWatch(bench.redis, "mark");
  assertEquals(await other.hasLost(), false, "the first call has nothing to compare with");
});

Deno.test("G3 LifeRecord tells of which containers something was published, and keeps that for another while", async () => {
  await using bench = await setup();
  const record = new LifeRecord(bench.redis, "default");
  const batch = { stream: "s", maxlen: 10, events: [{ id: "e", data: "d" }], live: null };
  await record.publish({ ...batch, containerId: "a" });
  await bench.redis.expire("chris:event-forwarder:published:a", 10);
  assertEquals(await record.told(["a", "b"]), new Set(["a"]));
  assert(await bench.redis.ttl("chris:event-forwarder:published:a") > 10);
  assertEquals(await record.told([]), new Set());
});

Deno.test("G4 states of a job are told in the order in which they came, although those of one container take longer", async () => {
  await using bench = await setup();
  bench.startEvents(600_000);
  for (const name of ["j1-copy", "j1"]) {
    const container = bench.runtime.create(name);
    await container.start();
    await container.end(0);
  }
  await until("published", async () => (await bench.statuses()).length === 6);
  const types = (await bench.statuses()).map(({ job_type }) => job_type);
  assertEquals(types, ["copy", "copy", "copy", "plugin", "plugin", "plugin"]);
});

Deno.test("G3 a container that vanished without an event is told of after the next list", async () => {
  await using bench = await setup();
  const container = bench.runtime.create("j1");
  await container.start();
  bench.startEvents(20);
  await until("published", async () => (await bench.statuses()).length === 2);
  bench.runtime.deafEvents = true;
  await container.remove();
  await until("told", async () => (await bench.statuses()).length === 3);
  assertEquals((await bench.statuses()).at(-1)?.status, "undefined");
});

Deno.test("G4 G14 as long as it is being prepared to tell all again, no job's next state goes before its earlier ones", async () => {
  await using bench = await setup();
  const { runtime } = bench;
  runtime.changes = (signal) => FakeRuntime.prototype.changes.call(runtime, signal, { relistMs: 0 });
  const copy = runtime.create("j2-copy");
  await copy.start();
  await copy.end(0);
  bench.startEvents(600_000);
  await until("published", async () => (await bench.statuses()).length === 3);
  const [asked, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  runtime.list = async () => {
    asked.resolve();
    await answered.promise;
    return await FakeRuntime.prototype.list.call(runtime);
  };
  await bench.redis.flushall();
  await runtime.create("j1").start();
  await asked.promise; // the loss is known by now
  const before = runtime.inspections;
  await runtime.create("j2").start();
  await until("inspected", () => runtime.inspections > before);
  await sleep(30);
  answered.resolve();
  await until("told again", async () => (await bench.statuses()).length === 7);
  const types = (await bench.statuses()).filter(({ job_id }) => job_id === "j2").map(({ job_type }) =>
    job_type
  );
  assertEquals(types, ["copy", "copy", "copy", "plugin", "plugin"]);
});
