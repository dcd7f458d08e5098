import { assertRejects } from "@std/assert";
import { OutageError } from "../run/outage_error.ts";
import { QuickwitHttp } from "./quickwit_http.ts";
import { QuickwitLogStore } from "./quickwit.ts";
import { storedLog } from "./suite/entries.ts";

/** Something that answers everything with `body`, as what stands in for a Quickwit that is away may. */
function impostor(body: string, status = 200, headers: Record<string, string> = {}) {
  const options = { hostname: "127.0.0.1", port: 0, onListen() {} };
  const server = Deno.serve(options, () => new Response(body, { status, headers }));
  return { url: `http://127.0.0.1:${server.addr.port}`, [Symbol.asyncDispose]: () => server.shutdown() };
}

for (const body of ['{"status":"maintenance"}', "{}", "null", "[]", "<html></html>", ""]) {
  Deno.test(`G1 G8 a success that is not Quickwit's stores nothing and is an outage: ${body || "(empty)"}`, async () => {
    await using server = impostor(body);
    const http = new QuickwitHttp(server.url, "job-logs");
    const document = new TextEncoder().encode("{}\n");
    await assertRejects(() => http.ingest("store a line", document, "auto"), OutageError, "store a line");
    await assertRejects(() => http.search("read a log", "*", 1), OutageError, "read a log");
    await assertRejects(() => http.fields("look"), OutageError, "look");
    await using store = new QuickwitLogStore(server.url, "job-logs");
    await assertRejects(() => store.write([storedLog("1-0")]), OutageError);
  });
}

Deno.test("G8 Quickwit's place taken by a redirection is an outage, and is not followed", async () => {
  await using login = impostor('{"num_docs_for_processing":1,"num_hits":0,"hits":[]}');
  await using server = impostor("", 302, { location: `${login.url}/login` });
  await using store = new QuickwitLogStore(server.url, "job-logs");
  await assertRejects(() => store.write([storedLog("1-0")]), OutageError, "status 302");
});

Deno.test("G8 a search that could not look at all of the index is an outage, not a log with lines missing", async () => {
  const found = { num_hits: 1, hits: [{ line: "one" }], errors: ["split 7 cannot be read"] };
  await using server = impostor(JSON.stringify(found));
  const http = new QuickwitHttp(server.url, "job-logs");
  await assertRejects(() => http.search("read a log", "*", 1), OutageError, "read a log");
});
