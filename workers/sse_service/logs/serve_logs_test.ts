import { assert, assertEquals, assertRejects } from "@std/assert";
import { OpenAPIHono } from "@hono/zod-openapi";
import type { LogStore, StoredLog } from "lib/log_store/log_store.ts";
import { SearchLimitError } from "lib/log_store/search_limits.ts";
import { storedLog } from "lib/log_store/suite/entries.ts";
import { ANYBODY } from "../auth/caller.ts";
import { serveHttp } from "../http/serve_http.ts";
import { serveLogs } from "./serve_logs.ts";

/** A log without end. */
async function* read(): AsyncGenerator<StoredLog[]> {
  for (let n = 1;; n++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    yield [storedLog(`${n}-0`, { line: "x".repeat(1_000_000) })];
  }
}

Deno.test("G12 a download breaks off when its token expires, whether its client reads or not", async () => {
  const never = () => Promise.reject(new Error("not part of this test"));
  const app = new OpenAPIHono();
  app.use(async (c, next) => {
    c.set("caller", { ...ANYBODY, expiresAtMs: Date.now() + 300 });
    await next();
  });
  serveLogs(app, { logStore: { page: never, search: never, read }, now: Date.now });
  const server = await serveHttp(app.fetch, { hostname: "127.0.0.1", port: 0 });
  const began = performance.now();
  const reading = await fetch(`http://127.0.0.1:${server.port}/logs/job/download`);
  assertEquals(reading.status, 200);
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  await connection.write(new TextEncoder().encode("GET /logs/job/download HTTP/1.1\r\nHost: a\r\n\r\n"));
  await assertRejects(() => reading.text());
  // Waits for the client that reads nothing as well, unless it was cut off.
  await server.shutdown();
  assert(performance.now() - began >= 300);
});

/** The routes on a store of which only `search` answers. */
function searching(search: LogStore["search"]): OpenAPIHono {
  const never = () => Promise.reject(new Error("not part of this test"));
  const app = new OpenAPIHono();
  serveLogs(app, { logStore: { page: never, search, read }, now: Date.now });
  return app;
}

Deno.test("G11 a search that takes more than it may is told apart, and when to try again", async () => {
  const app = searching(() => Promise.reject(new SearchLimitError("too slow")));
  const answer = await app.request("/logs/job/search?q=a");
  const { error } = await answer.json();
  assertEquals([answer.status, error.code, answer.headers.get("retry-after")], [503, "search_too_slow", "5"]);
});

Deno.test("the cursor of a search is one of no other search", async () => {
  const next = { entryId: "1-0", eventId: "e", number: 1, seen: 1, total: 2, totalIsExact: true };
  const app = searching(() => Promise.resolve({ matches: [], total: 2, totalIsExact: true, next }));
  const own = "/logs/job/search?q=a";
  const cursor = (await (await app.request(own)).json()).next;
  const statuses = [];
  for (
    const path of [
      own,
      `${own}b`,
      ...FILTERS.map((filter) => `${own}&${filter}`),
      "/logs/other/search?q=a",
    ]
  ) {
    statuses.push((await app.request(`${path}&cursor=${cursor}`)).status);
  }
  assertEquals(statuses, [200, 422, ...FILTERS.map(() => 422), 422]);
});

const FILTERS = ["regex=true", "ignore_case=true", "type=copy", "stream=stderr"];
