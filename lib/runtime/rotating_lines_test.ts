import { assert, assertEquals } from "@std/assert";
import { sleep } from "../run/sleep.ts";
import { testTime } from "../testing/engine_log.ts";
import { until } from "../testing/until.ts";
import type { LogRotation } from "./log_rotation.ts";
import { rotatingLines, type RotatingLog } from "./rotating_lines.ts";
import type { Fragment } from "./runtime.ts";

/** A log in memory that keeps `room` lines; its hints may get lost. */
class FakeLog implements RotatingLog {
  readonly kept: Fragment[] = [];
  pictures = 0;
  deaf = false;
  ended = false;
  /** Called while a picture is given, after its first half. */
  meanwhile: () => void | Promise<void> = () => {};
  #written = 0;
  #changed = new EventTarget();

  readonly rotation: LogRotation;

  constructor(readonly room: number, how: Partial<LogRotation> = {}) {
    this.rotation = { compressed: false, oneFile: false, surelyKept: room, sizeOf: () => 1, ...how };
  }

  print(count: number): void {
    for (let i = 0; i < count; i++) {
      const bytes = new TextEncoder().encode(`${++this.#written}`);
      this.kept.push({ stream: "stdout", time: testTime(this.#written * 1_000), bytes, newline: true });
    }
    this.kept.splice(0, this.kept.length - this.room);
    this.#changed.dispatchEvent(new Event("change"));
  }

  end(): void {
    this.ended = true;
    this.#changed.dispatchEvent(new Event("change"));
  }

  async *read(part: { tail?: number; since?: string | null }): AsyncGenerator<Fragment[]> {
    await Promise.resolve();
    this.pictures++;
    const { tail = Infinity, since } = part;
    const all = this.kept.slice(-tail).filter(({ time }) => !since || time >= since);
    const half = Math.ceil(all.length / 2);
    if (half > 0) yield all.slice(0, half);
    await this.meanwhile();
    // Where there is one file, what was not read yet is what stands there now.
    const rest = this.rotation.oneFile ? this.kept.slice(half) : all.slice(half);
    if (rest.length > 0) yield rest;
  }

  first(): Promise<Fragment | null> {
    return Promise.resolve(this.kept[0] ?? null);
  }

  async *writes(_since: string | null, signal: AbortSignal): AsyncGenerator<true> {
    while (!signal.aborted && !this.ended) {
      if (!this.deaf) yield true;
      await new Promise((resolve) => {
        this.#changed.addEventListener("change", resolve, { once: true, signal });
        signal.addEventListener("abort", resolve, { once: true });
      });
    }
  }
}

function follow(log: FakeLog) {
  const stop = new AbortController();
  const got: number[] = [];
  const marks: number[] = [];
  const ended = (async () => {
    for await (const fragments of rotatingLines(log, { follow: true }, stop.signal)) {
      if (fragments.some(({ beheaded }) => beheaded)) marks.push(got.length);
      got.push(...fragments.map(({ bytes }) => Number(new TextDecoder().decode(bytes))));
    }
  })();
  return { got, marks, ended, stop: () => (stop.abort(), ended) };
}

const oneTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

for (const compressed of [false, true]) {
  Deno.test(`G1 rotatingLines() gives all of a log that keeps little, if it keeps up (compressed: ${compressed})`, async () => {
    const log = new FakeLog(1_000, { compressed });
    log.print(10);
    const reading = follow(log);
    for (let printed = 10; printed < 5_000;) {
      const count = [1, 90, 700, 3][printed % 4] ?? 1;
      log.print(count);
      printed += count;
      await until("read", () => reading.got.length === printed);
    }
    const printed = reading.got.length;
    log.print(5);
    log.end();
    await reading.ended;
    assertEquals(reading.got, oneTo(printed + 5), "what was written last is read before it ends");
    assertEquals(reading.marks, []);
  });
}

Deno.test("G1 rotatingLines() reads what was written last, also if the log ends during a look", async () => {
  const log = new FakeLog(1_000);
  log.print(2);
  const reading = follow(log);
  await until("read", () => reading.got.length === 2);
  log.meanwhile = async () => {
    log.meanwhile = () => {};
    log.print(3);
    log.end();
    await sleep(50); // until the end is heard of, the look going on
  };
  log.print(2);
  await reading.ended;
  assertEquals(reading.got, oneTo(7));
});

Deno.test("G1 rotatingLines() ends, giving nothing that follows a gap, when lines were dropped unread", async () => {
  const log = new FakeLog(100);
  log.print(50);
  const reading = follow(log);
  await until("read", () => reading.got.length === 50);
  log.print(101);
  await reading.ended;
  assertEquals(reading.got, oneTo(50));
});

Deno.test("G1 rotatingLines() gives nothing of a picture that changed its beginning while it was taken", async () => {
  const log = new FakeLog(100, { oneFile: true, surelyKept: 0 });
  log.print(40);
  const reading = follow(log);
  await until("read", () => reading.got.length === 40);
  log.meanwhile = () => {
    log.meanwhile = () => {};
    log.kept.length = 0;
    log.print(90);
  };
  log.print(60); // so that what is known ends within the first half, and all of the second is taken for news
  let hasEnded = false;
  reading.ended.then(() => hasEnded = true);
  await until("ended, or at fault", () => hasEnded || reading.got.length > 100);
  await reading.stop();
  const given = reading.got.length;
  assert(given >= 40 && given <= 100, `${given}`);
  assertEquals(reading.got, oneTo(given));
});

Deno.test("rotatingLines() leaves a log alone that nothing is written to", async () => {
  const log = new FakeLog(100);
  log.print(5);
  const reading = follow(log);
  await until("read", () => reading.got.length === 5 && log.pictures >= 3);
  const before = log.pictures;
  await new Promise((resolve) => setTimeout(resolve, 300));
  assertEquals(log.pictures, before);
  await reading.stop();
});

Deno.test("rotatingLines() without follow takes one picture", async () => {
  const log = new FakeLog(100);
  log.print(5);
  const { signal } = new AbortController();
  let count = 0;
  for await (const fragments of rotatingLines(log, { follow: false }, signal)) count += fragments.length;
  assertEquals([count, log.pictures], [5, 2], "the other picture is for its size");
});

Deno.test("G1 rotatingLines() says of the first line if others may have been dropped before it", async () => {
  for (const [printed, marks] of [[99, []], [100, [0]], [300, [0]]] as const) {
    const log = new FakeLog(100);
    log.print(printed);
    const reading = follow(log);
    log.end();
    await reading.ended;
    assertEquals([reading.got.length, reading.marks], [Math.min(printed, 100), [...marks]]);
  }
  const log = new FakeLog(100);
  log.print(50);
  log.meanwhile = () => {
    log.meanwhile = () => {};
    log.print(60);
  };
  const reading = follow(log);
  log.end();
  await reading.ended;
  assertEquals([reading.got[0], reading.marks], [11, [0]], "also if they were dropped after it was measured");
});
