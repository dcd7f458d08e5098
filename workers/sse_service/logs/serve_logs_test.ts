import { assert, assertEquals, assertRejects } from "@std/assert";
import { OpenAPIHono } from "@hono/zod-openapi";
import type { StoredLog } from "lib/log_store/log_store.ts";
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
