import { assertEquals, assertMatch } from "@std/assert";
import type { Readable } from "node:stream";
import { until } from "lib/testing/until.ts";
import {
  type EngineUnderTest,
  logFrames,
  logText,
  openEngine,
  refusal,
} from "./process_engine/test_engine.ts";

let engine: EngineUnderTest;
Deno.test.beforeAll(async () => {
  engine = await openEngine();
});
Deno.test.afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

Deno.test("logs keep the streams apart and a last line without newline as it is", async () => {
  const container = await engine.create(
    `trap 'echo err >&2' USR1; trap "printf 'no newline'; exit" USR2; echo out; while :; do sleep 0.05; done`,
  );
  await container.start();
  // Each only when the one before is in the log: what waits in two pipes at once has no order.
  for (const [text, signal] of [["out\n", "SIGUSR1"], ["err\n", "SIGUSR2"]] as const) {
    await until("logged", async () => (await logText(container)).endsWith(text));
    await container.kill({ signal });
  }
  await container.wait();
  const frames = (await logFrames(container)).map(({ stream, text }) => [stream, text]);
  assertEquals(frames, [[1, "out\n"], [2, "err\n"], [1, "no newline"]]);
  assertEquals(await logText(container, { stdout: false }), "err\n");
  assertEquals((await refusal(container.logs({ stdout: false, stderr: false }))).status, 400);
});

Deno.test("following a log brings each line when it is written, and ends with the container", async () => {
  const container = await engine.create(
    `trap 'seen=yes' USR1; echo 1; while [ -z "$seen" ]; do sleep 0.05; done; seq 2 5; exit 4`,
  );
  await container.start();
  const stream = await container.logs({ follow: true, stdout: true }) as unknown as Readable;
  let bytes = 0;
  for await (const chunk of stream) {
    if (bytes === 0) await container.kill({ signal: "SIGUSR1" }); // it waits until its first line was seen
    bytes += chunk.length;
  }
  assertEquals(bytes, 5 * (8 + 2));
  assertEquals((await container.wait()).StatusCode, 4);
  assertEquals(await logText(container, { follow: true }), "1\n2\n3\n4\n5\n");
});

Deno.test("a second run's output is added to the log", async () => {
  const container = await engine.run("echo once");
  await container.start();
  await container.wait();
  assertEquals(await logText(container, { follow: true }), "once\nonce\n");
});

Deno.test("since and until are inclusive to the nanosecond, tail counts from the end", async () => {
  const container = await engine.run("seq 1 3000");
  const stamped = await logFrames(container, { timestamps: true });
  const stamps = stamped.map(({ text }) => text.slice(0, 30));
  for (const stamp of stamps) assertMatch(stamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
  const seconds = (stamp = "") => `${Date.parse(`${stamp.slice(0, 19)}Z`) / 1000}.${stamp.slice(20, 29)}`;
  const numbers = async (query: Record<string, unknown>) =>
    (await logText(container, query)).split("\n").slice(0, -1);
  for (const at of [0, 1, 1500, 2999]) {
    const since = await numbers({ since: seconds(stamps[at]) });
    assertEquals([since[0], since.length], [
      String(stamps.indexOf(stamps[at] ?? "") + 1),
      3000 - stamps.indexOf(stamps[at] ?? ""),
    ]);
    const upTo = await numbers({ until: seconds(stamps[at]) });
    assertEquals(upTo.length, stamps.lastIndexOf(stamps[at] ?? "") + 1);
  }
  assertEquals(await numbers({ tail: 2 }), ["2999", "3000"]);
  assertEquals((await numbers({ tail: 1500 }))[0], "1501");
  assertEquals(await numbers({ tail: 0 }), []);
  assertEquals((await numbers({ tail: "all" })).length, 3000);
  assertEquals(await numbers({ tail: 2, since: seconds(stamps[2999]) }), ["3000"]);
});

Deno.test("a line over 16 KiB comes in fragments that carry the first one's time", async () => {
  const script = "head -c 40000 /dev/zero | tr '\\0' z; echo; head -c 16384 /dev/zero | tr '\\0' y; echo; " +
    "head -c 16383 /dev/zero | tr '\\0' x; echo; head -c 20000 /dev/zero | tr '\\0' w";
  const frames = await logFrames(await engine.run(script), { timestamps: true });
  assertEquals(frames.map(({ text }) => text.length - 31), [
    16384,
    16384,
    7233,
    16384,
    1,
    16384,
    16384,
    3616,
  ]);
  assertEquals(frames.map(({ text }) => text.endsWith("\n")), [
    false,
    false,
    true,
    false,
    true,
    true,
    false,
    false,
  ]);
  const stamps = frames.map(({ text }) => text.slice(0, 30));
  assertEquals(stamps.map((stamp) => stamps.indexOf(stamp)), [0, 0, 0, 3, 3, 5, 6, 6]);
});

Deno.test("each byte that is not UTF-8 comes out as U+FFFD, all else as it went in", async () => {
  const script = String
    .raw`printf 'a\377b\342\202\n\355\240\200\n\360\220\n\300\200\n\000\001\r\342\200\250\303\251\n'`;
  const [broken, surrogate, short, overlong, whole] = (await logFrames(await engine.run(script))).map((
    { bytes },
  ) => bytes.toHex());
  const bad = "efbfbd";
  assertEquals([broken, surrogate], [`61${bad}62${bad}${bad}0a`, `${bad}${bad}${bad}0a`]);
  assertEquals([short, overlong], [`${bad}${bad}0a`, `${bad}${bad}0a`]);
  assertEquals(whole, "00010de280a8c3a90a");
});
