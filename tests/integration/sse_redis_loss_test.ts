import { assert, assertEquals } from "@std/assert";
import type { EventSourceMessage } from "eventsource-parser";
import { until } from "lib/testing/until.ts";
import { readEvents, type SseBench, startSseBench, statusOf } from "./sse_bench.ts";

const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => String(from + index));

/** A client that can be cut and come back; what it gets adds up. */
class Follower {
  readonly events: EventSourceMessage[] = [];
  #cut = new AbortController();
  #reading: Promise<unknown> = Promise.resolve();

  constructor(readonly bench: SseBench, readonly path: string) {}

  connect(): this {
    this.#cut = new AbortController();
    const lastEventId = this.events.findLast(({ id }) => id)?.id;
    this.#reading = readEvents(`${this.bench.url}/events/${this.path}`, {
      signal: this.#cut.signal,
      ...(lastEventId ? { lastEventId } : {}),
      enough: (event) => (this.events.push(event), false),
    });
    return this;
  }

  async cut(): Promise<void> {
    this.#cut.abort();
    await this.#reading;
  }

  get lines(): string[] {
    return this.events.filter(({ event }) => event === "logs").map(({ data }) => JSON.parse(data).line);
  }

  data(event: string): Record<string, unknown>[] {
    return this.events.filter((told) => told.event === event).map(({ data }) => JSON.parse(data));
  }

  async has(line: string): Promise<void> {
    await until(`told line ${line}, but ${this.lines.at(-1)}`, () => this.lines.includes(line));
  }
}

const stored = async (bench: SseBench, jobId: string, count: number) => {
  await until("stored", async () => {
    const [row] = await bench.sql`SELECT count(*)::int AS n FROM job_logs WHERE job_id = ${jobId}`;
    return row?.n === count;
  });
};

/** A log store that can be held back. */
function gate() {
  let open = Promise.withResolvers<void>();
  open.resolve();
  return {
    close: () => open = Promise.withResolvers(),
    open: () => open.resolve(),
    beforeStore: () => open.promise,
  };
}

for (const noticed of [true, false]) {
  const when = noticed ? "after the loss was noticed" : "before the loss is noticed";
  Deno.test(`G10 G14 FLUSHALL: clients connected, away and new see each line once, told again ${when}`, async () => {
    const store = gate();
    await using bench = await startSseBench({ beforeStore: store.beforeStore });
    await bench.writeLines("job-a", 50);
    await stored(bench, "job-a", 50);
    const connected = new Follower(bench, "job-a/all").connect();
    const away = new Follower(bench, "job-a/logs").connect();
    const awayEarly = new Follower(bench, "job-a/all").connect();
    for (const client of [connected, away, awayEarly]) await client.has("50");
    await awayEarly.cut();
    store.close(); // what follows is not stored when Redis loses it
    await bench.writeLines("job-a", 50);
    for (const client of [connected, away]) await client.has("100");
    await away.cut();

    const before = bench.hub.generation;
    await bench.redis.flushall();
    store.open();
    if (noticed) await until("noticed", () => bench.hub.generation !== before);
    const early = new Follower(bench, "job-a/all").connect();
    bench.tellAgainFrom("job-a", 1);
    await bench.writeLines("job-a", 70);
    awayEarly.connect();
    await bench.writeLines("job-a", 60);
    away.connect();
    const late = new Follower(bench, "job-a/all").connect();
    const all = { connected, away, awayEarly, early, late };
    for (const client of Object.values(all)) await client.has("130");
    await stored(bench, "job-a", 130);
    await bench.writeLines("job-a", 5);
    for (const [name, client] of Object.entries(all)) {
      await client.has("135");
      await client.cut();
      assertEquals(client.lines, numbers(1, 135), name);
      assertEquals(client.data("gap"), [], name);
    }
  });
}

Deno.test("G10 G14 a Redis restored from an older copy: what it lost is told once, whether it was stored or only seen", async () => {
  const store = gate();
  await using bench = await startSseBench({ beforeStore: store.beforeStore });
  await bench.writeLines("job-r", 40);
  await stored(bench, "job-r", 40);
  const connected = new Follower(bench, "job-r/all").connect();
  const away = new Follower(bench, "job-r/all").connect();
  for (const client of [connected, away]) await client.has("40");
  await goBack(bench, async () => {
    await bench.writeLines("job-r", 30);
    await stored(bench, "job-r", 70);
    store.close();
    await bench.writeLines("job-r", 30);
    for (const client of [connected, away]) await client.has("100");
    await away.cut();
  });
  store.open();
  bench.tellAgainFrom("job-r", 41);
  await bench.writeLines("job-r", 80);
  away.connect();
  const late = new Follower(bench, "job-r/all").connect();
  for (const [name, client] of Object.entries({ connected, away, late })) {
    await client.has("120");
    await client.cut();
    assertEquals(client.lines, numbers(1, 120), name);
    assertEquals(client.data("gap"), [], name);
  }
});

Deno.test("G10 lines that are nowhere any more are told as a gap, and the client goes on", async () => {
  await using bench = await startSseBench();
  await bench.writeLines("job-g", 10);
  await stored(bench, "job-g", 10);
  const connected = new Follower(bench, "job-g/all").connect();
  await connected.has("10");
  bench.tellAgainFrom("job-g", 21);
  await bench.writeLines("job-g", 5);
  const late = new Follower(bench, "job-g/all").connect();
  for (const client of [connected, late]) {
    await client.has("25");
    await client.cut();
    assertEquals(client.lines, [...numbers(1, 10), ...numbers(21, 25)]);
    assertEquals(client.data("gap").map(({ from, to, job_type }) => [from, to, job_type]), [[
      11,
      20,
      "plugin",
    ]]);
    assert(client.data("gap").every(({ reason }) => typeof reason === "string"));
  }
});

Deno.test("G10 G14 statuses and workflow events that the relay sends again after a loss are told once", async () => {
  await using bench = await startSseBench();
  const submitted = await fetch(`${bench.url}/api/jobs/job-w/run`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ image: "image", entrypoint: ["run"] }),
  });
  assertEquals(submitted.status, 202);
  await submitted.body?.cancel();
  const connected = new Follower(bench, "job-w/all").connect();
  const away = new Follower(bench, "job-w/all").connect();
  await bench.tellStatus(statusOf("job-w", "copy", "started", 1));
  await bench.tellStatus(statusOf("job-w", "copy", "finishedSuccessfully", 2));
  const confirmed = (client: Follower) =>
    client.data("status").some(({ status }) => status === "confirmed_finishedSuccessfully");
  const workflowAt = (client: Follower, step: string) =>
    client.data("workflow").some(({ current_step }) => current_step === step);
  for (const client of [connected, away]) {
    await until("confirmed", () => confirmed(client) && workflowAt(client, "plugin"));
  }
  await away.cut();
  await bench.redis.flushall();
  await bench.tellStatus(statusOf("job-w", "copy", "started", 1));
  await bench.tellStatus(statusOf("job-w", "copy", "finishedSuccessfully", 2));
  await bench.tellStatus(statusOf("job-w", "plugin", "started", 3));
  away.connect();
  await bench.tellStatus(statusOf("job-w", "plugin", "finishedSuccessfully", 4));
  const late = new Follower(bench, "job-w/all").connect();
  for (const [name, client] of Object.entries({ connected, away, late })) {
    await until(`${name} at upload`, () => workflowAt(client, "upload"));
    await until(
      `${name} confirmed`,
      () => client.data("status").filter(({ status }) => String(status).startsWith("confirmed_")).length >= 2,
    );
    await client.cut();
    for (const kind of ["status", "workflow"]) {
      const ids = client.data(kind).map(({ event_id }) => event_id);
      assertEquals(ids.length, new Set(ids).size, `${name}: ${kind} told twice`);
    }
    const told = client.data("status").map(({ job_type, status }) => `${job_type} ${status}`).sort();
    assertEquals(told, [
      "copy confirmed_finishedSuccessfully",
      "copy finishedSuccessfully",
      "copy started",
      "plugin confirmed_finishedSuccessfully",
      "plugin finishedSuccessfully",
      "plugin started",
    ], name);
  }
});

/** Keeps what Redis has now, does `work`, and lets Redis begin with the copy again. */
async function goBack(bench: SseBench, work: () => Promise<void>): Promise<void> {
  await bench.redis.bgrewriteaof();
  await until(
    "rewritten",
    async () => /aof_rewrite_in_progress:0/.test(await bench.redis.info("persistence")),
  );
  const copy = await Deno.makeTempDir({ prefix: "chris-redis-copy-" });
  const files = bench.redisServer.logFile.replace(/[^/]*$/, "appendonlydir");
  await run("cp", "-a", files, copy);
  await work();
  await bench.redisServer.kill();
  await run("rm", "-rf", files);
  await run("cp", "-a", `${copy}/appendonlydir`, files);
  await Deno.remove(copy, { recursive: true });
  await bench.redisServer.start();
}

async function run(command: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args }).output();
  assert(success, new TextDecoder().decode(stderr));
}
