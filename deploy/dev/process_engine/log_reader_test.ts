import { assertEquals } from "@std/assert";
import { sleep } from "lib/run/sleep.ts";
import { LogFile } from "./log_file.ts";
import type { LogQuery } from "./log_query.ts";
import { readLog } from "./log_reader.ts";
import { decodeFrames } from "./test_frames.ts";

const ALL: LogQuery = { stdout: true, stderr: true, follow: false, timestamps: false };

/** A log of lines `0`, `1`, …, written at the nanoseconds 0, 10, 20, … */
function openLog(count: number) {
  const folder = Deno.makeTempDirSync({ prefix: "log_reader_" });
  const log = new LogFile(`${folder}/log`);
  const line = (n: number) => ({ nanos: BigInt(n * 10), bytes: new TextEncoder().encode(`${n}\n`) });
  const write = (from: number, to: number) => {
    log.append(1, Array.from({ length: to - from }, (_, i) => line(from + i)));
  };
  write(0, count);
  return {
    log,
    write,
    [Symbol.dispose]() {
      log[Symbol.dispose]();
      Deno.removeSync(folder, { recursive: true });
    },
  };
}

const read = (log: LogFile, query: Partial<LogQuery>, now = 1_000_000n) =>
  readLog(log, { ...ALL, ...query }, { clock: () => now, framed: true });

async function numbers(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<number[]> {
  return decodeFrames(await new Response(stream).bytes()).map(({ text }) => Number(text));
}

Deno.test("readLog() finds every place by tail and by since, whatever the index holds", async () => {
  using given = openLog(5000);
  for (const first of [0, 1, 1023, 1024, 1025, 2048, 4999, 5000]) {
    const expected = Array.from({ length: 5000 - first }, (_, i) => first + i);
    assertEquals(await numbers(read(given.log, { tail: 5000 - first })), expected);
    assertEquals(await numbers(read(given.log, { since: BigInt(first * 10) })), expected);
  }
  assertEquals(await numbers(read(given.log, { tail: 9_999_999 })), await numbers(read(given.log, {})));
  assertEquals(await numbers(read(given.log, { since: 15n, until: 40n })), [2, 3, 4]);
});

Deno.test("readLog() with since misses no entry that lies behind later ones in the file", async () => {
  using given = openLog(0);
  given.write(3000, 5000);
  given.write(0, 2000);
  assertEquals((await numbers(read(given.log, { since: 10_000n }))).length, 3000);
});

Deno.test("readLog() that follows brings what is written meanwhile, and no later run's", async () => {
  using given = openLog(3);
  const end = given.log.begin();
  const followed = numbers(read(given.log, { follow: true }));
  for (let n = 3; n < 3000; n++) {
    given.write(n, n + 1);
    if (n % 100 === 0) await sleep(0);
  }
  end();
  const endAgain = given.log.begin();
  given.write(3000, 3001);
  assertEquals(await followed, Array.from({ length: 3000 }, (_, i) => i));
  endAgain();
  assertEquals((await numbers(read(given.log, { follow: true }))).at(-1), 3000);
});

Deno.test("readLog() lets go of the file when its reader leaves", async () => {
  using given = openLog(1);
  const end = given.log.begin();
  const reader = read(given.log, { follow: true }).getReader();
  await reader.read();
  const waiting = reader.read();
  await reader.cancel(); // the test runner fails this test if the file remains open
  assertEquals((await waiting).done, true);
  end();
});

Deno.test("readLog() that follows ends at until, though nothing is written", async () => {
  using given = openLog(2);
  const end = given.log.begin();
  let now = 0n;
  const clock = () => now += 400_000n;
  const stream = readLog(given.log, { ...ALL, follow: true, until: 1_000_000n }, { clock, framed: true });
  assertEquals(await numbers(stream), [0, 1]);
  end();
});
