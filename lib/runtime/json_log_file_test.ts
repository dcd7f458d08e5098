import { assert, assertEquals } from "@std/assert";
import { until } from "../testing/until.ts";
import { fileLines, JsonLogFile } from "./json_log_file.ts";

const at = (second: number) => `2026-01-15T12:00:${String(second).padStart(2, "0")}.000000000Z`;

/** A log file that a test writes, and hints that it gives. */
async function setup() {
  const dir = await Deno.makeTempDir();
  const path = `${dir}/log`;
  await Deno.writeTextFile(path, "");
  let hint = () => {};
  let end = () => {};
  const asked: (string | null)[] = [];
  async function* writes(since: string | null, signal: AbortSignal) {
    asked.push(since);
    let isOver = false;
    end = () => (isOver = true, hint());
    const stopped = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    while (!isOver && !signal.aborted) {
      await Promise.race([new Promise<void>((resolve) => hint = resolve), stopped]);
      yield null;
    }
  }
  const stop = new AbortController();
  const lines: string[] = [];
  return {
    path,
    asked,
    lines,
    stop,
    write: async (text: string) => {
      await Deno.writeTextFile(path, text, { append: true });
      hint();
    },
    end: () => end(),
    read: async (range: { since?: string | null; follow: boolean }) => {
      using file = await JsonLogFile.open(path);
      assert(file);
      for await (const fragments of fileLines(file, range, writes, stop.signal)) {
        for (const { text } of fragments) lines.push(text ?? "");
      }
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await Deno.remove(dir, { recursive: true });
    },
  };
}

function records(from: number, to: number, second = 1): string {
  let text = "";
  for (let n = from; n <= to; n++) {
    text += `${JSON.stringify({ log: `${n}\n`, stream: "stdout", time: at(second) })}\n`;
  }
  return text;
}

const oneTo = (n: number) => Array.from({ length: n }, (_, index) => String(index + 1));

Deno.test("G1 fileLines() follows a file that grows, quickly or slowly, to the end of its container", async () => {
  await using log = await setup();
  await log.write(records(1, 5_000));
  const reading = log.read({ follow: true });
  await until("begun", () => log.lines.length === 5_000);
  for (let n = 5_001; n <= 5_010; n++) {
    await log.write(records(n, n, 2));
    await until("one more", () => log.lines.length === n);
  }
  const half = records(5_011, 5_012, 3);
  await log.write(half.slice(0, 100)); // in the middle of a record
  await until("the first of two", () => log.lines.length === 5_011);
  await log.write(half.slice(100) + records(5_013, 9_000, 3));
  await until("many at once", () => log.lines.length === 9_000);
  await Deno.remove(log.path); // with the container: what was written is still read
  log.end();
  await until("ended", async () => {
    log.end();
    return await Promise.race([reading.then(() => true), new Promise((resolve) => setTimeout(resolve, 20))]);
  });
  assertEquals(log.lines, oneTo(9_000));
});

Deno.test("fileLines() gives what is there from a time on, and ends where nothing is to be followed", async () => {
  await using log = await setup();
  await log.write(records(1, 3, 1) + records(4, 6, 2) + records(7, 7, 1) + records(8, 9, 3));
  await log.read({ since: at(2), follow: false });
  assertEquals(log.lines, ["4", "5", "6", "8", "9"]);
  assertEquals(log.asked, []);
});

Deno.test("G1 fileLines() ends when somebody has emptied the file: who reads on from the cursor finds the gap", async () => {
  await using log = await setup();
  await log.write(records(1, 10));
  const reading = log.read({ follow: true });
  await until("begun", () => log.asked.length > 0);
  await Deno.truncate(log.path);
  await log.write(records(11, 12));
  await reading;
  assertEquals(log.lines, oneTo(10));
});

Deno.test("JsonLogFile.open() finds no file where there is none that may be read", async () => {
  assertEquals(await JsonLogFile.open("/nowhere/log"), null);
});
