import { assertEquals } from "@std/assert";
import { keepRunning, type Part } from "./keep_running.ts";

/** A part that dies when told to, and counts its starts. */
class MortalPart implements Part {
  readonly name = "mortal";
  starts = 0;
  #life = Promise.withResolvers<void>();

  get ended(): Promise<void> {
    return this.#life.promise;
  }

  die(): void {
    this.#life.resolve();
  }

  start(): Promise<void> {
    this.starts++;
    this.#life = Promise.withResolvers();
    return Promise.resolve();
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  logTail(): Promise<string> {
    return Promise.resolve("its last words");
  }
}

Deno.test("keepRunning() tells of a death with the end of the log, and starts the part again", async () => {
  const part = new MortalPart();
  const stop = new AbortController();
  const said: string[] = [];
  const back = Promise.withResolvers<void>();
  const kept = keepRunning(part, {
    signal: stop.signal,
    say: (text) => {
      said.push(text);
      if (text === "is back") back.resolve();
    },
  });
  part.die();
  await back.promise;
  assertEquals(part.starts, 1);
  assertEquals(said[0]?.includes("its last words"), true);
  stop.abort();
  await kept;
});

Deno.test("keepRunning() leaves a part alone that ends because everything ends", async () => {
  const part = new MortalPart();
  const stop = new AbortController();
  const kept = keepRunning(part, { signal: stop.signal, say: () => {} });
  stop.abort();
  part.die();
  await kept;
  assertEquals(part.starts, 0);
});
