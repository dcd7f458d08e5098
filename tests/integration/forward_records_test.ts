import { assertEquals, assertRejects } from "@std/assert";
import { OutageError } from "lib/run/outage_error.ts";
import { containerFlushedKey } from "lib/log_store/flushed_keys.ts";
import { silentLogger } from "lib/run/log.ts";
import { LifeRecord } from "lib/stream/life_record.ts";
import { LogRecord, StreamFullError } from "lib/stream/log_record.ts";
import { openRedis } from "lib/stream/open_redis.ts";
import { tempRedis } from "lib/testing/servers.ts";
import { assertPassed, crashEverywhere } from "./task_worker/fault_points.ts";

async function setup(config: Record<string, string> = {}) {
  const stack = new AsyncDisposableStack();
  const server = stack.use(await tempRedis({ config }));
  const redis = stack.use(openRedis(server.url, { name: "test", log: silentLogger }));
  const entries = async (stream: string) =>
    (await redis.xrange(stream, "-", "+")).map(([, fields]) => fields[1]);
  return { redis, entries, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

const lines = { containerId: "c1", stream: "logs", maxlen: 1_000, closes: false };

Deno.test("G1 LogRecord publishes a batch once, however often the call is repeated", async () => {
  await using bench = await setup();
  const record = new LogRecord(bench.redis, "default");
  const batch = { ...lines, entries: ["a", "b"], expected: null, next: "one" };
  for (let i = 0; i < 3; i++) assertEquals(await record.publish(batch), null);
  assertEquals(await bench.entries("logs"), ["a", "b"]);
  assertEquals(await record.cursor("c1"), "one");
});

Deno.test("G1 LogRecord publishes nothing onto a cursor that is not the expected one", async () => {
  await using bench = await setup();
  const record = new LogRecord(bench.redis, "default");
  await record.publish({ ...lines, entries: ["a"], expected: null, next: "one" });
  assertEquals(await record.publish({ ...lines, entries: ["x"], expected: "zero", next: "two" }), {
    current: "one",
  });
  assertEquals(await record.publish({ ...lines, entries: ["x"], expected: null, next: "two" }), {
    current: "one",
  });
  await bench.redis.flushall();
  assertEquals(await record.publish({ ...lines, entries: ["x"], expected: "one", next: "two" }), {
    current: null,
  });
  assertEquals(await bench.entries("logs"), []);
});

Deno.test("G1 LogRecord publishes all of a batch or, where Redis is full, nothing of it", async () => {
  await using bench = await setup({ maxmemory: "100mb" });
  const record = new LogRecord(bench.redis, "default");
  await bench.redis.config("SET", "maxmemory", "1");
  const batch = { ...lines, entries: ["a", "b"], expected: null, next: "one" };
  await assertRejects(() => record.publish(batch), OutageError, "publish log lines");
  await bench.redis.config("SET", "maxmemory", "0");
  assertEquals([await bench.entries("logs"), await record.cursor("c1")], [[], null]);
  assertEquals(await record.publish(batch), null);
  assertEquals(await bench.entries("logs"), ["a", "b"]);
});

Deno.test("G1 LogRecord takes nothing for published that Redis refused to add to the stream", async () => {
  await using bench = await setup();
  const record = new LogRecord(bench.redis, "default");
  const batch = { ...lines, entries: ["a", "b"], expected: null, next: "one" };
  await bench.redis.xadd("logs", "18446744073709551615-18446744073709551615", "data", "the last id there is");
  await assertRejects(() => record.publish(batch), OutageError, "publish log lines");
  await bench.redis.del("logs");
  assertEquals(await record.publish(batch), null);
  assertEquals(await bench.entries("logs"), ["a", "b"]);
});

Deno.test("G5 LogRecord lets lines wait that would push unread ones out of the stream, until they are stored", async () => {
  await using bench = await setup();
  const record = new LogRecord(bench.redis, "default", "consumers");
  const batch = (size: number, expected: string | null, next: string) => ({
    ...lines,
    maxlen: 250,
    entries: Array.from({ length: size }, (_, i) => `${next} ${i}`),
    expected,
    next,
  });
  assertEquals(await record.publish(batch(200, null, "one")), null, "nobody has read, but there is room");
  const second = batch(100, "one", "two");
  await assertRejects(() => record.publish(second), StreamFullError, "consumers has yet to store");
  await bench.redis.xgroup("CREATE", "logs", "consumers", "0");
  await assertRejects(() => record.publish(second), StreamFullError);
  await bench.redis.xreadgroup("GROUP", "consumers", "c", "COUNT", 100, "STREAMS", "logs", ">");
  await assertRejects(() => record.publish(second), StreamFullError); // read is not stored
  assertEquals([await bench.redis.xlen("logs"), await record.cursor("c1")], [200, "one"]);
  const ids = (await bench.redis.xrange("logs", "-", "+", "COUNT", 100)).map(([id]) => id);
  await bench.redis.xack("logs", "consumers", ...ids);
  assertEquals(await record.publish(second), null);
  assertEquals((await bench.entries("logs")).slice(-200), [
    ...batch(200, null, "one").entries.slice(100),
    ...second.entries,
  ]);
  const careless = new LogRecord(bench.redis, "default");
  assertEquals(
    await careless.publish(batch(300, "two", "three")),
    null,
    "none are spared where that is wanted",
  );
});

Deno.test("LogRecord publishes a batch that is larger than the stream may be, once all before it is stored", async () => {
  await using bench = await setup();
  const record = new LogRecord(bench.redis, "default", "consumers");
  const entries = Array.from({ length: 30 }, (_, i) => String(i));
  assertEquals(
    await record.publish({ ...lines, maxlen: 10, entries, expected: null, next: "one" }),
    null,
  );
});

Deno.test("LogRecord takes the note of an open log back with the batch that closes it, and not before", async () => {
  await using bench = await setup();
  const record = new LogRecord(bench.redis, "default");
  assertEquals(await record.open("c1", "note", null), true);
  await record.publish({ ...lines, entries: ["a"], expected: null, next: "one" });
  assertEquals(await record.allOpen(), { c1: "note" });
  await record.publish({ ...lines, entries: ["end"], expected: "one", next: "two", closes: true });
  assertEquals(await record.note("c1"), null);
  // A replica that lags behind must not open it again.
  assertEquals(await record.open("c1", "note", "one"), false);
  assertEquals(await record.allOpen(), {});
});

Deno.test("LogRecord keeps cursors of containers that are looked at, and soon lets go of those that are gone", async () => {
  await using bench = await setup();
  const record = new LogRecord(bench.redis, "default");
  await record.publish({ ...lines, entries: ["a"], expected: null, next: "one" });
  await record.close("c1", { gone: true });
  const key = "chris:log-forwarder:cursor:c1";
  assertEquals(await bench.redis.ttl(key) <= 3_600, true);
  assertEquals(await record.cursors(["c1", "unknown"]), ["one", null]);
  assertEquals(await bench.redis.ttl(key) > 6 * 24 * 3_600, true);
});

Deno.test("G7 LogRecord keeps the proof that a container's log is stored for as long as the container is listed", async () => {
  await using bench = await setup();
  const record = new LogRecord(bench.redis, "default");
  await bench.redis.set(containerFlushedKey("copy"), "1", "EX", 60);
  await record.cursors(["copy", "unknown"]);
  assertEquals(await bench.redis.ttl(containerFlushedKey("copy")) > 6 * 24 * 3_600, true);
  assertEquals(await bench.redis.exists(containerFlushedKey("unknown")), 0);
});

const life = { containerId: "c1", stream: "status", maxlen: 1_000 };
const event = (id: string) => ({ id, data: `data of ${id}` });

Deno.test("G3 LifeRecord publishes each event once, in order, also if two replicas tell the same life", async () => {
  await using bench = await setup();
  const [one, two] = [new LifeRecord(bench.redis, "default"), new LifeRecord(bench.redis, "default")];
  assertEquals(await one.publish({ ...life, events: [event("created")], live: "created" }), 1);
  assertEquals(
    await two.publish({ ...life, events: [event("created"), event("started")], live: "started" }),
    1,
  );
  assertEquals(
    await one.publish({ ...life, events: [event("created"), event("started"), event("ended")], live: null }),
    1,
  );
  assertEquals(
    await two.publish({ ...life, events: [event("created"), event("started")], live: "started" }),
    0,
  );
  assertEquals(await bench.entries("status"), ["data of created", "data of started", "data of ended"]);
  assertEquals(await one.allLive(), {}, "who lags behind does not bring it back to life");
});

Deno.test("G3 LifeRecord tells of a vanished container once, and never after its end was told", async () => {
  await using bench = await setup();
  const record = new LifeRecord(bench.redis, "default");
  await record.publish({ ...life, events: [event("started")], live: "started" });
  const vanished = { ...life, events: [event("undefined")] };
  assertEquals(await record.publishVanished({ ...vanished, live: "created" }), 0, "more is known by now");
  assertEquals(await record.publishVanished({ ...vanished, live: "started" }), 1);
  assertEquals(await record.publishVanished({ ...vanished, live: "started" }), 0);
  await record.publish({ ...life, containerId: "c2", events: [event("ended")], live: null });
  assertEquals(await record.publishVanished({ ...vanished, containerId: "c2", live: "started" }), 0);
  assertEquals(await bench.entries("status"), ["data of started", "data of undefined", "data of ended"]);
});

Deno.test("G3 LifeRecord takes nothing for published that Redis refused to add to the stream", async () => {
  await using bench = await setup();
  const record = new LifeRecord(bench.redis, "default");
  const started = { ...life, events: [event("created"), event("started")], live: "started" };
  const vanished = { ...life, events: [event("undefined")], live: "started" };
  const whileRefused = async (call: () => Promise<number>) => {
    await bench.redis.rename(life.stream, "elsewhere").catch(() => {});
    await bench.redis.set(life.stream, "not a stream");
    await assertRejects(call, OutageError);
    await bench.redis.del(life.stream);
    await bench.redis.rename("elsewhere", life.stream).catch(() => {});
  };
  await whileRefused(() => record.publish(started));
  assertEquals(await record.publish(started), 2);
  await whileRefused(() => record.publishVanished(vanished));
  assertEquals(await record.publishVanished(vanished), 1);
  assertEquals(await bench.entries("status"), ["data of created", "data of started", "data of undefined"]);
});

Deno.test("records of forwarders with different names know nothing of each other's open containers", async () => {
  await using bench = await setup();
  await new LogRecord(bench.redis, "here").open("c1", "note", null);
  await new LifeRecord(bench.redis, "here").publish({ ...life, events: [event("started")], live: "started" });
  assertEquals(await new LogRecord(bench.redis, "there").allOpen(), {});
  assertEquals(await new LifeRecord(bench.redis, "there").allLive(), {});
});

Deno.test("G1 G3 the records have published a batch once, wherever the process dies and comes back", async () => {
  await using bench = await setup();
  const { redis, entries } = bench;
  const life = { containerId: "c1", stream: "status", maxlen: 1_000, live: "alive" };
  const events = ["a", "b"].map((id) => ({ id, data: id }));
  const points = await crashEverywhere({
    prepare: async () => void await redis.flushall(),
    task: async (points) => {
      const logs = new LogRecord(points.redis(redis), "default");
      const expected = await logs.cursor("c1");
      if (expected === null) await logs.publish({ ...lines, entries: ["a", "b"], expected, next: "one" });
      const lives = new LifeRecord(points.redis(redis), "default");
      await lives.publish({ ...life, events });
      const live = await lives.live("c1");
      if (live) await lives.publishVanished({ ...life, live, events: [{ id: "c", data: "c" }] });
    },
    check: async (where) => {
      assertEquals([await entries("logs"), await entries("status")], [["a", "b"], ["a", "b", "c"]], where);
    },
  });
  assertPassed(points, ["after chrisPublishLines", "after chrisPublishLife", "after chrisPublishVanished"]);
});

Deno.test("G14 LifeRecord notices a Redis that lost a single publication, also that of a vanished container", async () => {
  await using bench = await setup();
  const { redis } = bench;
  const record = new LifeRecord(redis, "default");
  const batch = (id: string) => ({ ...life, containerId: id, events: [event(id)], live: "started" });
  const key = "chris:event-forwarder:default:publications";
  const publications = [
    () => record.publish(batch("c1")),
    () => record.publish(batch("c2")),
    () => record.publishVanished({ ...batch("c1"), events: [event("end of c1")] }),
  ];
  for (const publish of publications) {
    const before = await redis.get(key) ?? "0";
    assertEquals([await publish(), await record.hasLost()], [1, false]);
    const after = await redis.getset(key, before) ?? "";
    assertEquals(await record.hasLost(), true);
    await redis.set(key, after);
  }
});
