/** Dead letters over HTTP (G9). */
import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { encodeStatusEvent } from "lib/event/codec.ts";
import { shardKey, shardOf } from "lib/stream/keys.ts";
import { startSseBench, statusOf } from "./sse_bench.ts";

const DLQ = "stream:job-status-dlq";
const NUM_SHARDS = 2;

const bench = await startSseBench();
Deno.test.afterAll(async () => await bench[Symbol.asyncDispose]());
const { redis } = bench;

interface Letter {
  readonly id: string;
  readonly job_id: string | null;
  readonly data?: string;
  readonly data_base64?: string;
}
interface Page {
  readonly letters: Letter[];
  readonly next: string | null;
}
interface Requeued {
  readonly dry_run: boolean;
  readonly counts: { requeued: number; gone: number; refused: number };
  readonly outcomes: { id: string; outcome: string; entry_id: string | null; why: string | null }[];
  readonly outcomes_left_out: number;
}
interface Fault {
  readonly error: { code: string; message: string };
}

async function ask<Body>(method: string, path: string, body?: unknown): Promise<[number, Body]> {
  const response = await fetch(`${bench.url}/api/dlq/${path}`, {
    method,
    ...(body === undefined
      ? {}
      : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
  return [response.status, await response.json() as Body];
}

const shardOfJob = (job: string) => shardKey("stream:job-status", shardOf(job, NUM_SHARDS));

/** Dead-letters a status of a job; returns the letter's id. */
async function deadLetter(
  job: string,
  n: number,
  { data = encodeStatusEvent(statusOf(job, "copy", "started", n)) as string | Uint8Array, reason = "sick" } =
    {},
): Promise<string> {
  const fields = {
    data: Buffer.from(data),
    reason,
    origin_stream: shardOfJob(job),
    origin_id: `1768478400000-${n}`,
    ts: "1768478400123",
    error: "out of paper",
    deliveries: "5",
    first_seen: "1768478400100",
  };
  return await redis.xadd(DLQ, "*", ...Object.entries(fields).flat()) ?? "";
}

async function noDeadLetters(): Promise<void> {
  await redis.del(DLQ, shardKey("stream:job-status", 0), shardKey("stream:job-status", 1));
}

Deno.test("G9 dead letters are listed in pages, by filter, and one is shown with its very bytes", async () => {
  await noDeadLetters();
  const ids = [
    await deadLetter("job-a", 1),
    await deadLetter("job-b", 1),
    await deadLetter("job-a", 2, { reason: "Out of Luck" }),
  ];
  const bytes = Uint8Array.from([0x7b, 0xff, 0x00, 0xfe]);
  ids.push(await deadLetter("job-a", 3, { data: bytes }));
  const [status, first] = await ask<Page>("GET", "status?limit=3");
  assertEquals([status, first.letters.map(({ id }) => id), first.next], [200, ids.slice(0, 3), ids[2]]);
  assertEquals(first.letters[0], {
    stream: "status",
    id: ids[0],
    job_id: "job-a",
    origin_stream: shardOfJob("job-a"),
    origin_id: "1768478400000-1",
    fault: null,
    size: encodeStatusEvent(statusOf("job-a", "copy", "started", 1)).length,
    reason: "sick",
    error: "out of paper",
    deliveries: 5,
    first_seen: 1_768_478_400_100,
    ts: 1_768_478_400_123,
  } as Letter);
  const [, second] = await ask<Page>("GET", `status?limit=3&after=${first.next}`);
  assertEquals([second.letters.map(({ id }) => id), second.next], [[ids[3]], null]);
  const meant = async (query: string) =>
    (await ask<Page>("GET", `status?${query}`))[1].letters.map(({ id }) => ids.indexOf(id));
  assertEquals(await meant("job=job-a"), [0, 2]);
  assertEquals(await meant("reason=out+of+l"), [2]);
  assertEquals(await meant(`origin=${shardOfJob("job-b")}&job=job-b`), [1]);
  assertEquals(await meant("since=1h"), [0, 1, 2, 3]);
  assertEquals(await meant("since=1h&until=2026-01-15T10:00:00Z"), []);
  assertEquals((await ask<Page>("GET", "logs"))[1], { letters: [], next: null });
  const [, text] = await ask<Letter>("GET", `status/${ids[1]}`);
  assertEquals(text.data, encodeStatusEvent(statusOf("job-b", "copy", "started", 1)));
  const [, binary] = await ask<Letter>("GET", `status/${ids[3]}`);
  assertEquals([binary.data, binary.data_base64], [undefined, Buffer.from(bytes).toString("base64")]);
});

Deno.test("G9 letters that a filter leaves out do not make a page cost more: it ends, and says that there are more", async () => {
  await noDeadLetters();
  const pipeline = redis.pipeline();
  for (let n = 1; n <= 6_000; n++) pipeline.xadd(DLQ, "*", "data", "x", "reason", "sick");
  await pipeline.exec();
  const last = await deadLetter("job-a", 1);
  const [, first] = await ask<Page>("GET", "status?job=job-a");
  assertEquals(first.letters, []);
  assert(first.next !== null && first.next !== last);
  const [, second] = await ask<Page>("GET", `status?job=job-a&after=${first.next}`);
  assertEquals([second.letters.map(({ id }) => id), second.next], [[last], null]);
});

Deno.test("G9 a dry run changes nothing, and letters go back once and in order, however many ask", async () => {
  await noDeadLetters();
  const ids = [await deadLetter("job-a", 2), await deadLetter("job-a", 1), await deadLetter("job-b", 1)];
  for (
    const [query, body] of [["", { all: true, dry_run: true }], ["?dry_run=true", { all: true }]] as const
  ) {
    const [status, dry] = await ask<Requeued>("POST", `status/requeue${query}`, body);
    assertEquals([status, dry.dry_run, dry.counts], [200, true, { requeued: 3, gone: 0, refused: 0 }]);
  }
  assertEquals(await redis.xlen(DLQ), 3);
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => ask<Requeued>("POST", "status/requeue", { job: "job-a" })),
  );
  assertEquals(answers.reduce((sum, [, { counts }]) => sum + counts.requeued, 0), 2);
  const entries = await redis.xrange(shardOfJob("job-a"), "-", "+");
  assertEquals(entries.map(([, fields]) => fields[fields.indexOf("requeued_from") + 1]), [
    "1768478400000-1",
    "1768478400000-2",
  ]);
  const told = answers.flatMap(([, { outcomes }]) => outcomes).filter(({ outcome }) =>
    outcome === "requeued"
  );
  assertEquals(told.map(({ id, entry_id }): unknown[] => [id, entry_id]), [[ids[1], entries[0]?.[0]], [
    ids[0],
    entries[1]?.[0],
  ]]);
  assertEquals((await ask<Page>("GET", "status"))[1].letters.map(({ id }) => id), [ids[2]]);
});

Deno.test("G9 one letter goes back, unless it would overtake another one of its job or is not understood", async () => {
  await noDeadLetters();
  const [early, late] = [await deadLetter("job-a", 1), await deadLetter("job-a", 2)];
  const [refused, fault] = await ask<Fault>("POST", `status/${late}/requeue`, {});
  assertEquals([refused, fault.error.code], [409, "refused"]);
  assert(fault.error.message.includes(early), fault.error.message);
  const [status, done] = await ask<Requeued>("POST", `status/${late}/requeue`, { with_earlier: true });
  assertEquals([status, done.outcomes.map(({ id }) => id)], [200, [early, late]]);
  assertEquals((await ask("POST", `status/${late}/requeue`, {}))[0], 404);
  const strange = await deadLetter("job-b", 1, { data: '{"job_id":"job-b"}' });
  assertEquals((await ask("POST", `status/${strange}/requeue`))[0], 409);
  assertEquals((await ask("POST", `status/${strange}/requeue?dry_run=true`, { force: true }))[0], 200);
  assertEquals((await ask("POST", `status/${strange}/requeue`, { force: true }))[0], 200);
  assertEquals(await redis.xlen(DLQ), 0);
});

Deno.test("G9 a letter is thrown away once, and its bytes are in the answer", async () => {
  await noDeadLetters();
  const id = await deadLetter("job-a", 1);
  assertEquals((await ask("DELETE", `status/${id}?dry_run=true`))[0], 200);
  const [status, done] = await ask<{ outcome: string; letter: Letter }>("DELETE", `status/${id}`);
  assertEquals([status, done.outcome, done.letter.id], [200, "discarded", id]);
  assertEquals(JSON.parse(done.letter.data ?? "").job_id, "job-a");
  assertEquals((await ask("DELETE", `status/${id}`))[0], 404);
  assertEquals((await ask("GET", `status/${id}`))[0], 404);
});

Deno.test("G9 hostile requests about dead letters are refused, and change nothing", async () => {
  await noDeadLetters();
  await deadLetter("job-a", 1);
  const requests: [string, string, unknown, number][] = [
    ["GET", "workflow", undefined, 422],
    ["GET", "status/1-18446744073709551615", undefined, 404],
    ["GET", "status/0-0", undefined, 404],
    ...[
      "-",
      "%2B",
      "1-18446744073709551616",
      "9999999999999999-0",
      "1-1-1",
      "%00",
      "x",
      "1-99999999999999999999",
    ]
      .flatMap((id): [string, string, unknown, number][] => [
        ["GET", `status/${id}`, undefined, 422],
        ["DELETE", `status/${id}`, undefined, 422],
        ["POST", `status/${id}/requeue`, {}, 422],
        ["GET", `status?after=${id}`, undefined, 422],
      ]),
    ...[
      "since=x",
      "since=1969-12-31T23:59:59Z",
      "until=%00",
      "since=1h&since=2h",
      "jobid=a",
      "limit=0",
      "reason=%00",
    ]
      .map((query): [string, string, unknown, number] => ["GET", `status?${query}`, undefined, 422]),
    ...[
      {},
      { all: true, job: "job-a" },
      { al: true },
      { limit: 3 },
      { all: "true" },
      { ids: [] },
      { ids: ["+"] },
      [
        1,
      ],
      null,
      { job: "\0" },
      { since: "x" },
    ]
      .map((body): [string, string, unknown, number] => ["POST", "status/requeue", body, 422]),
    ["DELETE", "status", undefined, 405],
    ["DELETE", "status/1-1?dryrun=true", undefined, 422],
  ];
  for (const [method, path, body, expected] of requests) {
    const [status, { error }] = await ask<Fault>(method, path, body);
    assertEquals(
      [status, typeof error.code],
      [expected, "string"],
      `${method} ${path} ${JSON.stringify(body)}`,
    );
  }
  assertEquals(await redis.xlen(DLQ), 1);
});
