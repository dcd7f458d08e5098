import { assert, assertEquals, assertRejects } from "@std/assert";
import { describeLogStore } from "lib/log_store/log_store_suite.ts";
import { openLogStore } from "lib/log_store/open_log_store.ts";
import { QuickwitIndexError, QuickwitLogStore } from "lib/log_store/quickwit.ts";
import { PostgresLogStore } from "lib/log_store/postgres.ts";
import { pageAt, storedLog } from "lib/log_store/suite/entries.ts";
import { UnstorableLogError } from "lib/log_store/unstorable_log_error.ts";
import { OutageError } from "lib/run/outage_error.ts";
import { sleep } from "lib/run/sleep.ts";
import { openPostgres } from "lib/store/open.ts";
import { tempPostgres } from "lib/testing/servers.ts";
import { QuickwitStandIn } from "../stand_ins/quickwit.ts";

describeLogStore("Postgres", async () => {
  const server = await tempPostgres();
  return Object.assign(server, { open: () => openLogStore({ LOG_STORE: "postgres", DB_DSN: server.dsn }) });
});

Deno.test("G8 a table that is not there is an outage to a writer, a value that cannot be is not", async () => {
  await using server = await tempPostgres();
  await using store = new PostgresLogStore(server.dsn);
  await store.prepare();
  await using sql = openPostgres(server.dsn);
  await sql`ALTER TABLE job_logs RENAME TO elsewhere`;
  await assertRejects(() => store.write([storedLog("1-0")]), OutageError, '"job_logs" does not exist');
  await sql`ALTER TABLE elsewhere RENAME TO job_logs`;
  await assertRejects(() => store.write([storedLog("1-0", { seq: 1e30 })]), UnstorableLogError, "1e+30");
  await store.write([storedLog("1-0")]);
});

Deno.test("G8 a Postgres that takes connections and never answers is an outage to ping()", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const dsn = `postgres://user:secret@127.0.0.1:${listener.addr.port}/logs`;
  await using store = new PostgresLogStore(dsn, { connectTimeoutS: 60, closeTimeoutS: 0.1 });
  const pings = [store.ping(), store.ping()].map((ping) =>
    assertRejects(() => ping, OutageError, "no answer")
  );
  using connection = await listener.accept();
  await Promise.all(pings);
  assertEquals(
    await Promise.race([listener.accept().then(() => "asked twice"), sleep(20).then(() => "asked once")]),
    "asked once",
  );
  assert(connection.remoteAddr);
});

describeLogStore("Quickwit", () => {
  const quickwit = new QuickwitStandIn();
  return Promise.resolve({
    open: () =>
      openLogStore({ LOG_STORE: "quickwit", QUICKWIT_URL: `${quickwit.url}/`, QUICKWIT_INDEX: "job-logs" }),
    stop: () => quickwit.stop(),
    start: () => Promise.resolve(quickwit.start()),
    [Symbol.asyncDispose]: () => quickwit[Symbol.asyncDispose](),
  });
});

for (const commit of ["wait_for", "force", "auto"] as const) {
  Deno.test(`write() to Quickwit resolves when all is searchable, with commit=${commit}`, async () => {
    await using quickwit = new QuickwitStandIn({ commitAfterMs: 40 });
    await using store = new QuickwitLogStore(quickwit.url, "job-logs", { commit });
    await store.prepare();
    for (let n = 1; n <= 5; n++) {
      await store.write([storedLog(`${n}-0`), storedLog(`${n}-1`, { job_id: "other" })]);
      assertEquals((await pageAt(store, "job", { limit: 0, offset: 0 })).total, n);
    }
    assert(quickwit.requests.some(({ path }) => path === `/api/v1/job-logs/ingest?commit=${commit}`));
  });
}

Deno.test("G1 a batch sent again before it is searchable is read once", async () => {
  await using quickwit = new QuickwitStandIn({ commitAfterMs: 60_000 });
  await using store = new QuickwitLogStore(quickwit.url, "job-logs");
  await store.prepare();
  const entries = Array.from({ length: 30 }, (_, n) => storedLog(`7-${n + 1}`));
  const writes = [store.write(entries)];
  while (!quickwit.received("job-logs")) await sleep(5);
  writes.push(store.write(entries)); // as after a crash: the first answer was never seen
  while (quickwit.received("job-logs") < 60) await sleep(5);
  quickwit.commit("job-logs");
  await Promise.all(writes);
  for (const pageSize of [1, 7, 100]) {
    assertEquals((await Array.fromAsync(store.read("job", {}, { pageSize }))).flat(), entries);
  }
  const pages = await Promise.all([0, 10, 20].map((offset) => pageAt(store, "job", { limit: 10, offset })));
  assertEquals(pages.flatMap(({ lines }) => lines), entries);
  assertEquals(pages.map(({ total }) => total), [30, 30, 30]);
});

Deno.test("G8 Quickwit that is busy, or errs, is an outage", async () => {
  await using quickwit = new QuickwitStandIn();
  await using store = openLogStore({ LOG_STORE: "quickwit", QUICKWIT_URL: quickwit.url });
  await store.prepare();
  for (const status of [429, 500, 502, 503, 408, 401, 403]) {
    quickwit.refuse(1, status);
    await assertRejects(() => store.write([storedLog("1-0")]), OutageError, `status ${status}`);
  }
  await store.write([storedLog("1-0")]);
});

Deno.test("G8 an index that vanished is made again", async () => {
  await using quickwit = new QuickwitStandIn();
  await using store = openLogStore({ LOG_STORE: "quickwit", QUICKWIT_URL: quickwit.url });
  await store.prepare();
  await store.write([storedLog("1-0")]);
  quickwit.drop("job-logs");
  await assertRejects(() => store.write([storedLog("2-0")]), OutageError, "404");
  await store.write([storedLog("2-0")]);
  assertEquals((await pageAt(store, "job", { limit: 9, offset: 0 })).total, 1);
});

Deno.test("G9 a document that Quickwit rejects is no outage", async () => {
  await using quickwit = new QuickwitStandIn();
  await using store = new QuickwitLogStore(quickwit.url, "job-logs");
  await store.prepare();
  const odd = storedLog("1-0", { seq: 0.5 });
  await assertRejects(() => store.write([odd]), UnstorableLogError, "rejected 1 of the documents");
  quickwit.refuse(2, 400); // the question what is stored, which is no ingest
  await assertRejects(() => store.write([storedLog("1-0")]), Error, "status 400");
  await assertRejects(
    () => store.write([storedLog("1-0", { line: "\x01".repeat(2_000_000) })]),
    UnstorableLogError,
  );
});

Deno.test("prepare() refuses an index with other fields", async () => {
  await using quickwit = new QuickwitStandIn();
  const config = {
    version: "0.8",
    index_id: "job-logs",
    doc_mapping: {
      mode: "lenient",
      field_mappings: [{ name: "event_id", type: "text", tokenizer: "raw" }, {
        name: "job_id",
        type: "text",
      }],
    },
  };
  const body = JSON.stringify(config);
  const headers = { "content-type": "application/json" };
  await (await fetch(`${quickwit.url}/api/v1/indexes`, { method: "POST", headers, body })).text();
  await using store = new QuickwitLogStore(quickwit.url, "job-logs");
  const error = await assertRejects(
    () => store.prepare(),
    QuickwitIndexError,
    "without the right fields job_id, job_type",
  );
  assertEquals(error.message.includes("event_id"), false);
});

Deno.test("write() sends batches beyond 10 MB in several requests", async () => {
  await using quickwit = new QuickwitStandIn();
  await using store = new QuickwitLogStore(quickwit.url, "job-logs");
  await store.prepare();
  await store.write(
    Array.from(
      { length: 25 },
      (_, n) => storedLog(`${n}-1`, { line: String.fromCharCode(97 + n).repeat(1_000_000) }),
    ),
  );
  const ingests = quickwit.requests.filter(({ path }) => path === "/api/v1/job-logs/ingest?commit=wait_for");
  assertEquals(ingests.map(({ status }) => status), [200, 200, 200]);
  assertEquals((await pageAt(store, "job", { limit: 0, offset: 0 })).total, 25);
});
