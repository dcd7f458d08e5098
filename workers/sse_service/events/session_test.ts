import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Redis } from "ioredis";
import { silentLogger as log } from "lib/run/log.ts";
import type { Sql } from "lib/store/open.ts";
import { until } from "lib/testing/until.ts";
import { eventStreams } from "./answer_events.ts";
import { Hub } from "./hub.ts";
import { type Kind, KINDS } from "./position.ts";

/** Streams of one shard, and empty stores, that count what they are asked. */
class Stores {
  readonly asked = { postgres: 0, logStore: 0, redis: 0 };
  runId = "aaaaaa";
  #next = 1;
  #waiting = Promise.withResolvers<[stream: string, entries: [string, string[]][]][]>();

  /** Adds an entry to a stream, which the hub hands out. Returns its id. */
  add(kind: Kind, event: Readonly<Record<string, unknown>>, more: readonly string[] = []): string {
    const id = `${++this.#next}-0`;
    const data = JSON.stringify({ event_id: id, job_type: "plugin", ...event });
    this.#waiting.resolve([[`${kind}:0`, [[id, ["data", data, ...more]]]]]);
    return id;
  }

  readonly redis = {
    on: () => {},
    off: () => {},
    get: () => Promise.resolve("1234abcd"),
    time: () => Promise.resolve(["100", "0"]),
    info: () => Promise.resolve(`run_id:${this.runId}`),
    xread: () => this.#waiting.promise.finally(() => this.#waiting = Promise.withResolvers()),
    xinfo: (about: string) =>
      Promise.resolve(about === "STREAM" ? ["last-generated-id", "1-0"] : [this.#group]),
    xpending: () => Promise.resolve([0, null]),
    xrange: () => (this.asked.redis++, Promise.resolve([])),
    hmget: (_key: string, ...fields: string[]) => Promise.resolve(fields.map(() => null)),
  } as unknown as Redis;

  /** Workflow events of the only job that has some. */
  readonly workflow: { id: string; entry_id: string | null; event: Record<string, unknown> }[] = [];

  readonly sql = ((text: readonly string[], ...values: unknown[]) => {
    this.asked.postgres++;
    const isOutbox = text.join("").includes("job_outbox") && values.includes("workflow");
    return Promise.resolve(isOutbox ? [...this.workflow] : []);
  }) as unknown as Sql;

  readonly logStore = {
    read: () => (this.asked.logStore++, noLines()),
    page: () => Promise.resolve({ lines: [], offset: 0, total: 0, countedTo: "0-0" }),
  };

  readonly #group = ["name", "group", "last-delivered-id", "1-0"];
}

async function* noLines(): AsyncGenerator<never> {}

/** A row of the outbox. */
const workflow = (id: string, entry_id: string | null, step: string, status: string) => ({
  id,
  entry_id,
  event: {
    event_id: `workflow ${id}`,
    job_id: "job-a",
    current_step: step,
    current_step_status: "started",
    workflow_status: status,
    error: null,
    timestamp: "2026-01-15T10:00:00.000000+00:00",
  },
});

/** A service in front of {@linkcode Stores}. */
function service() {
  const stores = new Stores();
  const { redis, sql, logStore } = stores;
  const bases = { status: "status", logs: "logs", workflow: "workflow" };
  const hub = new Hub(redis, redis, { bases, numShards: 1, log });
  const stop = new AbortController();
  const running = hub.run(stop.signal);
  const answer = eventStreams({
    hub,
    sql,
    log,
    stopping: stop.signal,
    now: Date.now,
    sources: { sql, redis, logStore, logGroup: "group", numShards: 1, streamOf: (kind) => `${kind}:0` },
  });
  /** Has a client come; resolves when it has caught up. */
  const caughtUp = async (jobId: string, lastEventId: string | null = null) => {
    const request = { jobId, kind: "all" as const, lastEventId, tail: null };
    const reader = (await answer(request)).body?.pipeThrough(new TextDecoderStream()).getReader();
    const client = {
      text: "",
      /** Reads until `enough` is true of the text. */
      reads: async (enough: RegExp) => {
        while (!enough.test(client.text)) {
          const { value } = await reader?.read() ?? {};
          if (value === undefined) throw new Error(`No ${enough}: the stream ended after ${client.text}`);
          client.text += value;
        }
      },
      leave: () => reader?.cancel(),
    };
    await client.reads(/^event: caught-up\n.*\n.*\n\n/m);
    return Object.assign(client, { position: /id: (.*)/.exec(client.text)?.[1] ?? "" });
  };
  return {
    stores,
    hub,
    answer,
    caughtUp,
    /** Adds an entry and waits until it was handed out. */
    add: async (kind: Kind, jobId: string, more: readonly string[] = [], event = {}) => {
      const id = stores.add(kind, { job_id: jobId, ...event }, more);
      await until("handed out", () => hub.tips(jobId)[kind] === id);
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await running;
    },
  };
}

/** Until disposed, time passes so slowly that a test takes less of it than shared answers are kept for. */
function slowClock(): Disposable {
  const { now } = performance;
  performance.now = () => Reflect.apply(now, performance, []) / 20;
  return { [Symbol.dispose]: () => void (performance.now = now) };
}

Deno.test("G10 clients that come back to a quiet job cost a few reads in all, though another job of its shard goes on", async () => {
  using _clock = slowClock();
  await using bench = service();
  const { stores, caughtUp } = bench;
  const first = await caughtUp("job-a");
  const { position } = first;
  await caughtUp("job-a", position);
  const once = { ...stores.asked };
  assert(once.postgres > 0 && once.logStore > 0);
  for (let n = 0; n < 30; n++) {
    await bench.add(KINDS[n % 3] ?? "logs", "job-b");
    await caughtUp("job-a", position);
  }
  assertEquals(stores.asked, once);
});

Deno.test("G10 what was read of a job is read anew after each status of its own, also one put back from the dead letters", async () => {
  await using bench = service();
  const { stores, caughtUp } = bench;
  const costOfNext = async () => {
    const before = stores.asked.postgres;
    await caughtUp("job-a");
    return stores.asked.postgres - before;
  };
  const all = await costOfNext();
  assertEquals(await costOfNext(), 0);
  await bench.add("status", "job-a");
  assertEquals([await costOfNext(), await costOfNext()], [all, 0]);
  await bench.add("status", "job-a", ["requeued_from", "1-0"]);
  assertEquals([await costOfNext(), await costOfNext()], [all, 0]);
  await bench.add("workflow", "job-a");
  assertEquals([await costOfNext(), await costOfNext()], [all, 0]);
});

Deno.test("G10 what came while a job had no clients is read by the next one", async () => {
  await using bench = service();
  const before = bench.stores.asked.postgres;
  const first = await bench.caughtUp("job-a");
  const once = bench.stores.asked.postgres - before;
  await first.leave();
  await bench.add("status", "job-a");
  await bench.caughtUp("job-a");
  assertEquals(bench.stores.asked.postgres - before, 2 * once);
});

Deno.test("G10 G14 nothing that was read before a loss is told after it", async () => {
  await using bench = service();
  const { stores, hub } = bench;
  await bench.add("status", "job-a");
  await bench.caughtUp("job-a");
  const before = stores.asked.postgres;
  const { generation } = hub;
  stores.runId = "bbbbbb";
  await until("noticed", () => hub.generation !== generation);
  assertEquals(hub.tips("job-a").status, "1-0");
  await bench.caughtUp("job-a");
  assert(stores.asked.postgres > before);
});

Deno.test("G10 G14 a state that was lost unrecorded is told again to who did not see it, and to nobody else", async () => {
  await using bench = service();
  const { stores, hub } = bench;
  const at = "2026-01-15T10:00:00.123456+00:00";
  const state = { event_id: "s", container_id: "abcde", status: "started", timestamp: at };
  const [stays, leaves] = [await bench.caughtUp("job-a"), await bench.caughtUp("job-a")];
  await bench.add("status", "job-a", [], state);
  for (const client of [stays, leaves]) await client.reads(/event: status/);
  await leaves.leave();
  const { generation } = hub;
  stores.runId = "bbbbbb";
  await until("noticed", () => hub.generation !== generation);
  const comes = await bench.caughtUp("job-a");
  const returns = await bench.caughtUp("job-a", leaves.text.match(/^id: .*$/gm)?.at(-1)?.slice(4));
  await bench.add("status", "job-a", [], state);
  await bench.add("status", "job-a", [], { ...state, event_id: "t", status: "finishedSuccessfully" });
  for (const client of [stays, comes, returns]) await client.reads(/finishedSuccessfully/);
  const times = [stays, comes, returns].map(({ text }) => text.match(/"started"/g)?.length ?? 0);
  assertEquals(times, [1, 1, 0]);
});

Deno.test("G10 clients that were told the end and come back cost a look or two, and none is answered by an older one", async () => {
  await using bench = service();
  const ended = (await bench.caughtUp("job-a")).position.replace(/(_w\w+.*)?$/, "_w9_end");
  const before = bench.stores.asked.postgres;
  const request = { jobId: "job-a", kind: "all" as const, lastEventId: ended, tail: null };
  const one = await bench.answer(request);
  assertEquals([one.status, bench.stores.asked.postgres - before], [200, 1]);
  const many = await Promise.all(Array.from({ length: 50 }, () => bench.answer(request)));
  const looks = bench.stores.asked.postgres - before - 1;
  await Promise.all([one, ...many].map(({ body }) => body?.cancel()));
  assert(looks >= 1 && looks < 20, `${looks} looks`);
});

Deno.test("G10 G14 a loss that nobody had noticed is noticed before the end is told: nothing comes after it", async () => {
  await using bench = service();
  const { stores, hub, answer } = bench;
  stores.workflow.push(workflow("1", "1-0", "completed", "failed"));
  await hub.started;
  const { xinfo } = stores.redis;
  const lose = (about: string) => {
    if (about === "STREAM") stores.runId = "bbbbbb"; // while the end of the log is looked for
    return Reflect.apply(xinfo, stores.redis, [about]);
  };
  Object.assign(stores.redis, { xinfo: lose });
  const request = { jobId: "job-a", kind: "all" as const, lastEventId: null, tail: null };
  const text = await (await answer(request)).text();
  assertMatch(text, /^event: end\nid: 1234abcdbbbbbb_/m);
});

Deno.test("G10 the end waits until the hub has handed out the log, however often it looks at the streams meanwhile", async () => {
  await using bench = service();
  const { stores, hub } = bench;
  await bench.caughtUp("job-a");
  let looks = 0;
  Object.assign(stores.redis, { get: () => (looks++, Promise.resolve("1234abcd")) });
  let isOver = false;
  const { signal } = new AbortController();
  const passed = hub.passed("logs", "job-a", { entryId: "2-0", signal }).then(() => isOver = true);
  await until("looked at twice", () => looks >= 2);
  await bench.add("status", "job-b"); // it goes on, but not with the log
  assertEquals(isOver, false);
  await bench.add("logs", "job-b");
  await passed;
});

Deno.test("G10 who comes right after a retry was accepted is not told the end that others were told before it", async () => {
  await using bench = service();
  const { stores, answer } = bench;
  stores.workflow.push(workflow("1", "1-0", "completed", "failed"));
  const request = { jobId: "job-a", kind: "all" as const, lastEventId: null, tail: null };
  assert((await (await answer(request)).text()).includes("event: end"), "it is over");
  stores.workflow.push(workflow("2", null, "copy", "running")); // committed, and not published yet
  const reader = (await answer(request)).body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!/^event: caught-up\n/m.test(text)) {
    const { value } = await reader?.read() ?? {};
    assert(value !== undefined, `the stream ended after ${text}`);
    text += value;
  }
  const more = reader?.read().then(({ value }) => text += value ?? "");
  await bench.add("status", "job-b"); // the hub goes on, and so would the session
  assert(!text.includes("event: end"), text);
  await reader?.cancel();
  await more;
});
