/** Lists of jobs and of confirmations over HTTP, in a real database. */
import { assert, assertEquals } from "@std/assert";
import { openPostgres } from "lib/store/open.ts";
import { listJobs, SCANNED } from "lib/store/job_list.ts";
import { startSseBench, statusOf } from "./sse_bench.ts";

const bench = await startSseBench();
Deno.test.afterAll(async () => await bench[Symbol.asyncDispose]());
const { sql } = bench;

interface Page {
  readonly jobs: { readonly job_id: string; readonly status: string; readonly image: string | null }[];
  readonly next: string | null;
}

async function ask<Body>(path: string): Promise<{ status: number; body: Body }> {
  const response = await fetch(`${bench.url}${path}`);
  return { status: response.status, body: await response.json() as Body };
}

/** All pages of a list; the ids of each. */
async function pages(query: string): Promise<string[][]> {
  const all: string[][] = [];
  for (let after = ""; after !== null;) {
    const { status, body } = await ask<Page>(`/api/jobs?${query}&after=${after}`);
    assertEquals(status, 200);
    all.push(body.jobs.map(({ job_id }) => job_id));
    after = body.next as string;
  }
  return all;
}

/** Adds `count` jobs, `{prefix}1` … `{prefix}{count}`, one second after another. */
async function addJobs(
  prefix: string,
  count: number,
  { image = "an/image", status = "running", begin = "2026-01-01", everyMs = 1_000 } = {},
): Promise<void> {
  await sql`
    INSERT INTO job_workflow (job_id, current_step, status, params, created_at)
    SELECT ${prefix}::text || n, 'copy', ${status}, jsonb_build_object('image', ${image}::text),
      ${begin}::text::timestamptz + n * ${everyMs} * interval '1 millisecond'
    FROM generate_series(1, ${count}) AS n`;
}

async function withoutJobs(): Promise<void> {
  await sql`TRUNCATE job_workflow CASCADE`;
}

Deno.test("GET /api/jobs gives each job once, newest first, also where many were made in the same moment", async () => {
  await withoutJobs();
  await addJobs("one-", 7);
  await addJobs("same-", 6, { everyMs: 0, begin: "2026-01-01T00:00:03.500001Z" });
  const found = await pages("limit=4");
  assertEquals(found.map((page) => page.length), [4, 4, 4, 1]);
  assertEquals(found.flat(), [
    ...[7, 6, 5, 4].map((n) => `one-${n}`),
    ...[6, 5, 4, 3, 2, 1].map((n) => `same-${n}`),
    ...[3, 2, 1].map((n) => `one-${n}`),
  ]);
  assertEquals(await pages("limit=13"), [found.flat()]);
});

Deno.test("GET /api/jobs tells what a list shows of a job, and a job accepted meanwhile moves nothing", async () => {
  await withoutJobs();
  await addJobs("job-", 3, { image: "an/image:1", begin: "2026-01-15T12:00:00.000001Z" });
  await sql`UPDATE job_workflow SET held = 'its log is not stored', error = 'e', updated_at = '2026-01-16'`;
  const first = await ask<Page>("/api/jobs?limit=1");
  assertEquals(first.body.jobs, [
    {
      job_id: "job-3",
      status: "running",
      current_step: "copy",
      held: "its log is not stored",
      error: "e",
      created_at: "2026-01-15T12:00:03.000Z",
      updated_at: "2026-01-16T00:00:00.000Z",
      image: "an/image:1",
    } as Page["jobs"][number],
  ]);
  await addJobs("later-", 2, { begin: "2026-02-01" });
  const second = await ask<Page>(`/api/jobs?limit=2&after=${first.body.next}`);
  assertEquals(second.body.jobs.map(({ job_id }) => job_id), ["job-2", "job-1"]);
  assertEquals(second.body.next, null);
});

Deno.test("GET /api/jobs lists one state or several, newest first", async () => {
  await withoutJobs();
  await addJobs("run-", 4);
  await addJobs("fail-", 4, { status: "failed", begin: "2026-01-01T00:00:00.5Z" });
  await addJobs("done-", 4, { status: "finishedSuccessfully" });
  assertEquals(await pages("status=failed&limit=3"), [["fail-4", "fail-3", "fail-2"], ["fail-1"]]);
  assertEquals(await pages("status=failed,running&limit=5"), [
    ["fail-4", "run-4", "fail-3", "run-3", "fail-2"],
    ["run-2", "fail-1", "run-1"],
  ]);
  assertEquals(await pages("status=cancelled"), [[]]);
});

Deno.test("GET /api/jobs?q= takes its text as it is, in any case, in ids and images, and finds the oldest job", async () => {
  await withoutJobs();
  await addJobs("oldest_", 1, { begin: "2025-01-01", image: "Ghcr.io/FNNDSC/pl-Rare%:1" });
  await addJobs("common-", 2 * SCANNED, { image: "ghcr.io/fnndsc/pl-common:2" });
  const found = async (q: string) => (await pages(`q=${encodeURIComponent(q)}&limit=3`)).flat();
  assertEquals(await found("OLDEST_1"), ["oldest_1"]);
  assertEquals(await found("pl-rare%"), ["oldest_1"]);
  assertEquals(await found("t_1"), ["oldest_1"]);
  assertEquals(await found("_1"), ["oldest_1"]);
  assertEquals(await found("oldest%1"), []);
  assertEquals(await found("oldest.*"), []);
  assertEquals(await found("1\n"), []);
  assertEquals(await found("zz"), []);
  const first = await ask<Page>("/api/jobs?q=oldest&limit=3");
  assertEquals([first.body.jobs.length, first.body.next], [1, null], "the index knows it at once");
  assertEquals((await ask<Page>("/api/jobs?q=PL-&limit=2")).body.jobs.map(({ job_id }) => job_id), [
    `common-${2 * SCANNED}`,
    `common-${2 * SCANNED - 1}`,
  ]);
});

Deno.test("GET /api/jobs?q= finds texts of every frequency completely, page by page", async () => {
  await withoutJobs();
  // In the middle third every second job, and nowhere else: too many for the index, and none among the newest.
  await addJobs("plain-", SCANNED + 10, { begin: "2026-03-01" });
  await addJobs("mixed-", SCANNED + 10, { begin: "2026-02-01" });
  await addJobs("plain0-", 10, { begin: "2026-01-01" });
  const found = await pages("q=mixed&limit=500");
  assertEquals(found.flat().length, SCANNED + 10);
  assertEquals(new Set(found.flat()).size, SCANNED + 10);
  assertEquals(found[0], [], "the first page looked at others only, and says that there is more");
});

Deno.test("G12 a caller who may look at some jobs is shown those alone, with one page for the oldest of them", async () => {
  await withoutJobs();
  await addJobs("mine-", 2, { begin: "2025-01-01" });
  await addJobs("Mine-", 2, { begin: "2025-01-02" });
  await addJobs("theirs-", SCANNED + 10);
  const shownTo = async (among: readonly string[], text?: string) =>
    (await listJobs(sql, { statuses: [], limit: 10, among, text })).jobs.map(({ jobId }) => jobId);
  assertEquals(await shownTo(["mine-*"]), ["mine-2", "mine-1"]);
  assertEquals(await shownTo(["mine-1", "theirs-7", "mine-"]), ["theirs-7", "mine-1"]);
  assertEquals(await shownTo(["mine-*"], "theirs"), []);
  assertEquals(await shownTo(["theirs-*", "mine-*"], "s-1001"), ["theirs-1001"]);
  assertEquals(await shownTo([]), []);
});

Deno.test("A page of jobs reads in proportion to itself, whatever state is asked for", async () => {
  await withoutJobs();
  await addJobs("rare-", 3, { status: "failed", begin: "2025-01-01" });
  await addJobs("job-", 5_000, { status: "failed" });
  // The planner learns that every job has failed, and then one state is not so frequent any more.
  await sql`ANALYZE job_workflow`;
  await sql`UPDATE job_workflow SET status = 'finishedSuccessfully' WHERE job_id LIKE 'job-%'`;
  await sql`VACUUM job_workflow`;
  await using fresh = openPostgres(bench.dsn, { max: 1 });
  for (const statuses of [[], ["failed"], ["running", "failed"]] as const) {
    // Often enough for Postgres to settle on one plan for all values.
    for (let i = 0; i < 8; i++) await listJobs(fresh, { statuses, limit: 20 });
    const reads: number[] = [];
    for (let i = 0; i < 3; i++) {
      const before = await rowsRead(fresh);
      await listJobs(fresh, { statuses, limit: 20 });
      reads.push(await rowsRead(fresh) - before);
    }
    // Other connections tell up to ten seconds later what they read for the tests before.
    const read = Math.min(...reads);
    assert(read <= 60, `${statuses}: ${read} rows were read for a page of 20`);
  }
});

/** Rows of jobs that this connection has read, by whichever way. */
async function rowsRead(connection: typeof sql): Promise<number> {
  await connection`SELECT pg_stat_force_next_flush()`;
  const [row] = await connection`
    SELECT seq_tup_read + (SELECT COALESCE(sum(idx_tup_read), 0) FROM pg_stat_user_indexes
      WHERE relname = 'job_workflow') AS read
    FROM pg_stat_user_tables WHERE relname = 'job_workflow'`;
  return Number(row?.read);
}

Deno.test("GET /api/jobs refuses what it cannot understand, by field, and hostile text is only text", async () => {
  await withoutJobs();
  await addJobs("job-", 2);
  const refused: [string, string][] = [
    ["limit=0", "limit"],
    ["limit=501", "limit"],
    ["limit=1e2", "limit"],
    ["limit=99999999999999999999", "limit"],
    ["limit=-1", "limit"],
    ["limit=1&limit=2", "limit"],
    ["status=nope", "status"],
    ["status=running,", "status"],
    ["status=running&status=failed", "status"],
    ["after=nope", "after"],
    ["after=%00", "after"],
    [`after=${btoa("99999999999999999.a")}`, "after"],
    [`after=${btoa("1.a\0b")}`, "after"],
    ["q=%00", "q"],
    [`q=${"x".repeat(257)}`, "q"],
    ["statsu=running", "statsu"],
  ];
  for (const [query, field] of refused) {
    const { status, body } = await ask<{ error: { code: string; details: { field: string }[] } }>(
      `/api/jobs?${query}`,
    );
    assertEquals([status, body.error?.code, body.error?.details.map((fault) => fault.field)], [
      422,
      "invalid_request",
      [field],
    ], query);
  }
  const harmless = [
    "q='; DROP TABLE job_workflow; --",
    "q=%25",
    "q=%ED%A0%80",
    "q=%FF",
    "q=\\",
    "q=%E2%80%AE",
  ];
  for (const query of harmless) assertEquals((await ask<Page>(`/api/jobs?${query}`)).body.jobs, [], query);
  for (const query of ["", "status=&q=&after=&limit="]) {
    assertEquals((await ask<Page>(`/api/jobs?${query}`)).body.jobs.length, 2, query);
  }
});

interface Confirmations {
  readonly confirmations: {
    seq: number;
    job_id: string;
    event_id: string;
    status: string;
    timestamp: string;
  }[];
  readonly next: number;
}

const confirmationsAfter = async (after: number, limit = 1_000) =>
  (await ask<Confirmations>(`/api/confirmations?after=${after}&limit=${limit}`)).body;

Deno.test("GET /api/confirmations tells each confirmation once, each job's in their order, and then waits", async () => {
  const idle = performance.now();
  assertEquals(await ask("/api/confirmations?wait=1"), { status: 200, body: { confirmations: [], next: 0 } });
  assert(performance.now() - idle > 900, "where there is none at all, it waits too");
  await bench.tellStatus(statusOf("confirmed-0", "copy", "finishedSuccessfully", 0));
  const { next: begin } = await confirmationsAfter(0);
  const steps = ["copy", "plugin", "upload", "delete"] as const;
  for (const [at, step] of steps.entries()) {
    await bench.tellStatus(statusOf("confirmed-1", step, "started", at * 10));
    await bench.tellStatus(statusOf("confirmed-1", step, "finishedSuccessfully", at * 10 + 5));
  }
  const all = await confirmationsAfter(begin);
  assertEquals(
    all.confirmations.map((confirmation) => [
      confirmation.seq,
      confirmation.job_id,
      (confirmation as { job_type?: string }).job_type,
      confirmation.status,
      confirmation.timestamp,
    ]),
    steps.map((step, at) => [
      begin + at + 1,
      "confirmed-1",
      step,
      "confirmed_finishedSuccessfully",
      statusOf("confirmed-1", step, "finishedSuccessfully", at * 10 + 5).timestamp,
    ]),
  );
  const [first, second] = [await confirmationsAfter(begin, 3), await confirmationsAfter(begin + 3, 3)];
  assertEquals([...first.confirmations, ...second.confirmations], all.confirmations);
  assertEquals(await confirmationsAfter(all.next), { confirmations: [], next: all.next });

  const waiting = ask<Confirmations>(`/api/confirmations?after=${all.next}&wait=20`);
  await bench.tellStatus(statusOf("confirmed-2", "copy", "finishedWithError", 1));
  assertEquals((await waiting).body.confirmations.map(({ job_id }) => job_id), ["confirmed-2"]);
});

Deno.test("G6 a confirmation that commits late comes after those that were served, and none is lost", async () => {
  const { next: begin } = await confirmationsAfter(0);
  await using writers = openPostgres(bench.dsn, { max: 6 });
  const seen: { seq: number; event_id: string }[] = [];
  const written = new Set<string>();
  const writing = Promise.all(Array.from({ length: 6 }, async (_, writer) => {
    for (let n = 0; n < 25; n++) {
      const event = statusOf(`writer-${writer}`, "copy", "finishedSuccessfully", n);
      const confirmation = { ...event, status: "confirmed_finishedSuccessfully" };
      // Writes now, and commits at another time: in no order among the writers.
      await writers.begin(async (tx) => {
        await tx`INSERT INTO job_outbox (job_id, stream, event)
          VALUES (${event.job_id}, 'status', ${tx.json(confirmation)})`;
        await tx`SELECT pg_sleep(${((writer * 7 + n * 3) % 11) / 500})`;
      });
      written.add(event.event_id);
    }
  }));
  // Several read at once, so that they number at once, in pages of different sizes.
  let over = false;
  writing.finally(() => over = true);
  const read = async (limit: number, sink: { seq: number; event_id: string }[]) => {
    for (let after = begin;;) {
      const wasOver = over;
      const page = await confirmationsAfter(after, limit);
      for (const { seq } of page.confirmations) {
        assert(seq > after, `${seq} was served after ${after}`);
        after = seq;
      }
      sink.push(...page.confirmations);
      if (wasOver && page.confirmations.length < limit) return;
    }
  };
  const others = [3, 10, 1_000].map((limit) => read(limit, []));
  await Promise.all([writing, read(7, seen), ...others]);
  assertEquals(seen.length, 150);
  assertEquals(new Set(seen.map(({ event_id }) => event_id)), written);
  assertEquals(seen.map(({ seq }) => seq), Array.from({ length: 150 }, (_, at) => begin + at + 1));
  assertEquals((await confirmationsAfter(begin)).confirmations.map(({ event_id }) => event_id), [
    ...seen.map(({ event_id }) => event_id),
  ]);
});

Deno.test("G6 a reader is never shown a number above that of a transaction that is still open", async () => {
  const { next: begin } = await confirmationsAfter(0);
  const write = (connection: typeof sql, n: number) => {
    const event = { ...statusOf("held", "copy", "finishedSuccessfully", n), status: "confirmed_undefined" };
    return connection`INSERT INTO job_outbox (job_id, stream, event) VALUES ('held', 'status', ${
      sql.json(event)
    })`;
  };
  const [hold, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const early = sql.begin(async (tx) => {
    await write(tx as unknown as typeof sql, 1);
    held.resolve();
    await hold.promise;
  });
  await held.promise;
  await write(sql, 2);
  const before = await confirmationsAfter(begin);
  assertEquals(before.confirmations.length, 1, "the later one does not wait for the open transaction");
  hold.resolve();
  await early;
  const after = await confirmationsAfter(before.next);
  assertEquals(after.confirmations.map(({ seq }) => seq), [begin + 2]);
});

Deno.test("GET /api/confirmations refuses a number of another database, and what is no number", async () => {
  const { next } = await confirmationsAfter(0);
  const beyond = await ask<{ error: { code: string } }>(`/api/confirmations?after=${next + 1}`);
  assertEquals([beyond.status, beyond.body.error.code], [409, "unknown_number"]);
  for (const query of ["after=-1", "after=x", "after=9007199254740993", "wait=26", "limit=0", "seq=1"]) {
    assertEquals((await ask(`/api/confirmations?${query}`)).status, 422, query);
  }
});
