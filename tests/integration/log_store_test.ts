import { assertEquals, assertRejects } from "@std/assert";
import { describeLogStore, storedLog } from "lib/log_store/log_store_suite.ts";
import { openLogStore } from "lib/log_store/open_log_store.ts";
import { QuickwitIndexError, QuickwitLogStore } from "lib/log_store/quickwit.ts";
import { UnstorableLogError } from "lib/log_store/unstorable_log_error.ts";
import { OutageError } from "lib/run/outage_error.ts";
import { tempPostgres } from "lib/testing/servers.ts";
import { QuickwitStandIn } from "../stand_ins/quickwit.ts";

describeLogStore("Postgres", async () => {
  const server = await tempPostgres();
  return Object.assign(server, { open: () => openLogStore({ LOG_STORE: "postgres", DB_DSN: server.dsn }) });
});

for (const commit of ["wait_for", "force", "auto"] as const) {
  describeLogStore(`Quickwit, commit=${commit}`, () => {
    const quickwit = new QuickwitStandIn();
    return Promise.resolve({
      open: () => new QuickwitLogStore(quickwit.url, "job-logs", { commit }),
      stop: () => quickwit.stop(),
      start: () => Promise.resolve(quickwit.start()),
      [Symbol.asyncDispose]: () => quickwit[Symbol.asyncDispose](),
    });
  });
}

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
  assertEquals((await store.page("job", { limit: 9, offset: 0 })).total, 1);
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
    Array.from({ length: 25 }, (_, n) => storedLog(`${n}-1`, { line: `${n % 10}`.repeat(1_000_000) })),
  );
  const ingests = quickwit.requests.filter(({ path }) => path === "/api/v1/job-logs/ingest?commit=wait_for");
  assertEquals(ingests.map(({ status }) => status), [200, 200, 200]);
  assertEquals((await store.page("job", { limit: 0, offset: 0 })).total, 25);
});
