import { assert, assertEquals } from "@std/assert";
import { decodeLogEvent } from "lib/event/codec.ts";
import { silentLogger } from "lib/run/log.ts";
import { sleep } from "lib/run/sleep.ts";
import { Semaphore } from "lib/runtime/semaphore.ts";
import { LogRecord } from "lib/stream/log_record.ts";
import { openRedis } from "lib/stream/open_redis.ts";
import { FakeRuntime } from "lib/testing/fake_runtime.ts";
import { tempRedis } from "lib/testing/servers.ts";
import { LogForwarder } from "../../workers/log_forwarder/forwarder.ts";
import { until } from "./forwarder_bench.ts";

/** A forwarder in this process between a runtime that misbehaves and a real Redis. */
async function setup() {
  const stack = new AsyncDisposableStack();
  const server = stack.use(await tempRedis());
  const redis = stack.use(openRedis(server.url, { name: "test", log: silentLogger }));
  const runtime = new FakeRuntime();
  const start = (more: { maxIncomplete?: number } = {}) => {
    const stop = new AbortController();
    const forwarder = new LogForwarder({
      runtime,
      record: new LogRecord(redis, "default"),
      streamOf: () => "logs",
      maxlen: 1_000_000,
      maxLineBytes: 1_024,
      silenceMs: 100,
      relistMs: 200,
      backlog: new Semaphore(2),
      ...more,
      log: silentLogger,
    });
    const running = forwarder.run(stop.signal);
    const end = async () => {
      stop.abort();
      await running;
    };
    stack.defer(end);
    return end;
  };
  const events = async () =>
    (await redis.xrange("logs", "-", "+")).map(([, fields]) => decodeLogEvent(fields[1] ?? ""));
  const told = async () => (await events()).map((event) => event.eos ? "END" : event.line);
  return { runtime, redis, server, start, events, told, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

Deno.test("G1 a followed log that falls silent is read anew, and so is one that never ends", async () => {
  await using bench = await setup();
  const container = bench.runtime.create("deaf");
  await container.start();
  bench.runtime.misbehaviour.deafFollowers = true;
  bench.start();
  await container.write("stdout", "1\n");
  await until("published", async () => (await bench.told()).length === 1);
  await container.write("stdout", "2\n3\n");
  await until("published", async () => (await bench.told()).length === 3);
  await container.write("stdout", "4");
  await container.end(0);
  await until("told", async () => (await bench.told()).includes("END"));
  assertEquals(await bench.told(), ["1", "2", "3", "4", "END"]);
});

Deno.test("G1 the end of a log is not told by a reading that stopped short of it", async () => {
  await using bench = await setup();
  const container = bench.runtime.create("short");
  await container.start();
  for (let i = 1; i <= 6; i++) await container.write("stdout", `${i}\n`);
  await container.end(0);
  bench.runtime.misbehaviour.endAfter = 3;
  bench.start();
  await until("published", async () => (await bench.told()).length === 3);
  await sleep(300);
  assertEquals(await bench.told(), ["1", "2", "3"]);
  bench.runtime.misbehaviour.endAfter = Infinity;
  await until("told", async () => (await bench.told()).includes("END"));
  assertEquals(await bench.told(), ["1", "2", "3", "4", "5", "6", "END"]);
});

Deno.test("G1 the end of a log is not told by a reading that stopped within the pieces of its last line", async () => {
  await using bench = await setup();
  const container = bench.runtime.create("pieces");
  await container.start();
  const time = bench.runtime.tick(); // all pieces of a line bear its time
  const piece = (text: string, newline: boolean) =>
    ({ stream: "stdout", time, bytes: new TextEncoder().encode(text), newline }) as const;
  container.log.push(piece("begin, ", false), piece("end", true));
  await container.end(0);
  bench.runtime.misbehaviour.endAfter = 1;
  bench.start();
  await sleep(300);
  assertEquals(await bench.told(), []);
  bench.runtime.misbehaviour.endAfter = Infinity;
  await until("told", async () => (await bench.told()).includes("END"));
  assertEquals(await bench.told(), ["begin, end", "END"]);
});

Deno.test("G1 a log that broke off with its runtime, and whose container is gone then, is not told as whole", async () => {
  for (const isAway of [true, false]) {
    await using bench = await setup();
    const container = bench.runtime.create("gone");
    await container.start();
    bench.start();
    await container.write("stdout", "1\n");
    await until("published", async () => (await bench.told()).length === 1);
    if (isAway) {
      const refused = Promise.withResolvers<null>();
      const inspect = bench.runtime.inspect.bind(bench.runtime);
      bench.runtime.inspect = (id) => {
        const answer = inspect(id);
        answer.catch(() => refused.resolve(null));
        return answer;
      };
      bench.runtime.misbehaviour.away = true;
      container.phase = "ended"; // for whoever follows the log, it ends
      bench.runtime.notify(container.id);
      await refused.promise;
    } else {
      const rest = { time: bench.runtime.tick(), bytes: new TextEncoder().encode("rest"), newline: false };
      container.log.push({ stream: "stdout", ...rest });
    }
    await container.remove();
    bench.runtime.misbehaviour.away = false;
    await until("told", async () => (await bench.told()).includes("END"));
    assertEquals(await bench.told(), isAway ? ["1", "END"] : ["1", "rest", "END"]);
    assertEquals((await bench.events()).at(-1)?.gap ?? false, isAway);
  }
});

Deno.test("G1 a log that was followed to its end is whole, last line and all, though it cannot be read once more", async () => {
  for (const isRemoved of [true, false]) {
    await using bench = await setup();
    const container = bench.runtime.create("whole");
    await container.start();
    bench.start({ maxIncomplete: isRemoved ? Infinity : 3 });
    await container.write("stdout", "1\n");
    await until("published", async () => (await bench.told()).length === 1);
    await container.write("stdout", "rest");
    bench.runtime.misbehaviour.unreadable = true; // to who begins to read
    await container.end(0);
    await sleep(150);
    if (isRemoved) await container.remove();
    await until("told", async () => (await bench.told()).includes("END"));
    assertEquals(await bench.told(), ["1", "rest", "END"]);
    assertEquals((await bench.events()).at(-1)?.gap, undefined);
  }
});

Deno.test("G1 the end of a log that cannot be read is told all the same, so that nothing waits for it for ever", async () => {
  await using bench = await setup();
  const container = bench.runtime.create("unreadable");
  await container.start();
  await container.write("stdout", "never seen\n");
  bench.runtime.misbehaviour.unreadable = true;
  bench.start({ maxIncomplete: 3 });
  await sleep(300);
  assertEquals(await bench.told(), []);
  await container.end(0);
  await until("told", async () => (await bench.told()).includes("END"));
  assertEquals((await bench.events()).map(({ eos, seq, gap }) => [eos, seq, gap]), [[true, 0, true]]);
});

Deno.test("G1 lines written after the clock was set back, while nobody read, are found", async () => {
  await using bench = await setup();
  const container = bench.runtime.create("clock");
  await container.start();
  bench.runtime.clockMs = 100_000;
  await container.write("stdout", "1\n2\n");
  const end = bench.start();
  await until("published", async () => (await bench.told()).length === 2);
  await end();
  bench.runtime.clockMs = 50_000;
  await container.write("stdout", "3\n");
  bench.start();
  await until("published", async () => (await bench.told()).length === 3);
  await container.write("stdout", "4\n");
  await container.end(0);
  await until("told", async () => (await bench.told()).includes("END"));
  assertEquals(await bench.told(), ["1", "2", "3", "4", "END"]);
});

Deno.test("G8 a runtime that is away for a while costs nothing", async () => {
  await using bench = await setup();
  const container = bench.runtime.create("away");
  await container.start();
  bench.runtime.misbehaviour.away = true;
  bench.start();
  await container.write("stdout", "1\n");
  await container.end(0);
  await sleep(500);
  assertEquals(await bench.told(), []);
  bench.runtime.misbehaviour.away = false;
  await until("told", async () => (await bench.told()).includes("END"));
  assertEquals(await bench.told(), ["1", "END"]);
});

Deno.test("G1 a cursor moved by another forwarder is read again, and nothing is published twice", async () => {
  await using bench = await setup();
  const container = bench.runtime.create("shared");
  await container.start();
  const ends = [bench.start(), bench.start(), bench.start()];
  for (let i = 1; i <= 200; i++) {
    await container.write(i % 2 ? "stdout" : "stderr", `${i}\n`);
    if (i % 10 === 0) await sleep(3);
  }
  await container.end(0);
  await until("told", async () => (await bench.told()).includes("END"));
  await Promise.all(ends.map((end) => end()));
  assertEquals(await bench.told(), [...Array.from({ length: 200 }, (_, i) => `${i + 1}`), "END"]);
});

Deno.test("G14 lines on their way when Redis forgot everything are published anew, though the container is silent", async () => {
  await using bench = await setup();
  const container = bench.runtime.create("forgotten");
  await container.start();
  bench.start();
  await container.write("stdout", "1\n");
  await until("published", async () => (await bench.told()).length === 1);
  await bench.redis.flushall();
  await container.write("stdout", "2\n");
  await until("published again", async () => (await bench.told()).length === 2);
  assertEquals(await bench.told(), ["1", "2"]);
});

Deno.test("G15 a forwarder told to stop while Redis is away stops all the same", async () => {
  await using bench = await setup();
  const container = bench.runtime.create("stopping");
  await container.start();
  await container.write("stdout", "1\n");
  const end = bench.start();
  await until("published", async () => (await bench.told()).length === 1);
  await bench.server.stop();
  await container.write("stdout", "2\n");
  await sleep(200);
  const began = performance.now();
  await end();
  assert(performance.now() - began < 20_000);
  await bench.server.start();
  bench.start();
  await until("published", async () => (await bench.told()).length === 2);
  assertEquals(await bench.told(), ["1", "2"]);
});

Deno.test("G14 all lines of a container that is silent for good are published again after Redis forgot everything", async () => {
  await using bench = await setup();
  const silent = bench.runtime.create("silent");
  const ended = bench.runtime.create("ended");
  for (const container of [silent, ended]) {
    await container.start();
    await container.write("stdout", `1 of ${container.name}\n2 of ${container.name}\n`);
  }
  await ended.end(0);
  bench.start();
  await until("published", async () => (await bench.told()).length === 5);
  const ids = (await bench.events()).map((event) => event.event_id).sort();
  for (let times = 0; times < 2; times++) {
    await bench.redis.flushall();
    await until("published again", async () => (await bench.told()).length === 5);
    await sleep(400); // several looks, which must add nothing
    assertEquals((await bench.events()).map((event) => event.event_id).sort(), ids);
  }
  await silent.end(0);
  await until("told", async () => (await bench.told()).length === 6);
});
