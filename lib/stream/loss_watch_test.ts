import { assertEquals, assertRejects } from "@std/assert";
import type { Redis } from "ioredis";
import { OutageError } from "../run/outage_error.ts";
import { LossWatch } from "./loss_watch.ts";

/** As much of a Redis as a watch asks for. */
class Server {
  mark: string | null = null;
  run: string | null = "run-1";
  /** The next answer gets lost; what was asked for is done. */
  loses = false;

  /** A watch on a connection to it. */
  watch(): LossWatch {
    return new LossWatch(
      { pipeline: (asked: string[][]) => this.#pipeline(asked) } as unknown as Redis,
      "mark",
    );
  }

  #pipeline([, getset]: string[][]) {
    return {
      exec: () => {
        const info = this.run === null
          ? [new Error("NOPERM")]
          : [null, `redis_version:7\r\nrun_id:${this.run}\r\n`];
        const before = this.mark;
        this.mark = getset?.[2] ?? null;
        if (!this.loses) return Promise.resolve([info, [null, before]]);
        this.loses = false;
        return Promise.reject(new Error("Connection is closed"));
      },
    };
  }
}

Deno.test("LossWatch sees no loss where nothing happened, and none at first, whatever it finds", async () => {
  const server = new Server();
  server.mark = "of an earlier process";
  const watch = server.watch();
  for (let times = 0; times < 3; times++) assertEquals(await watch.hasLost(), false);
});

Deno.test("G14 LossWatch sees, once, that Redis was emptied or went back in time", async () => {
  const server = new Server();
  const watch = server.watch();
  for (const mark of [null, "an older one"]) {
    await watch.hasLost();
    server.mark = mark;
    assertEquals([await watch.hasLost(), await watch.hasLost()], [true, false]);
  }
});

Deno.test("G14 LossWatch takes another server for a loss although that has the mark: it may lack what came after", async () => {
  const server = new Server();
  const watch = server.watch();
  await watch.hasLost();
  server.run = "run-2";
  assertEquals([await watch.hasLost(), await watch.hasLost()], [true, false]);
  server.run = null;
  assertEquals(await watch.hasLost(), false, "it refuses to tell");
  server.run = "run-3";
  assertEquals(await watch.hasLost(), true, "it was run-2 when it last told");
});

Deno.test("G14 LossWatch is cautious when the answer to its last look was lost", async () => {
  const server = new Server();
  const watch = server.watch();
  await watch.hasLost();
  server.loses = true;
  await assertRejects(() => watch.hasLost(), OutageError);
  assertEquals([await watch.hasLost(), await watch.hasLost()], [true, false]);
});
