import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { OpenAPIHono } from "@hono/zod-openapi";
import { silentLogger } from "lib/run/log.ts";
import { sleep } from "lib/run/sleep.ts";
import { callerOf } from "../auth/caller.ts";
import { InvalidTokenError } from "../auth/invalid_token_error.ts";
import { answerFault } from "./app_error.ts";
import { guard, type GuardContext } from "./guard.ts";

const FRIEND = "https://friend.example";
const OPEN = { verifier: null, origins: new Set([FRIEND]), cookieSecurity: null, now: () => 0 };

/** A guarded application with two routes. */
function guarded(change: Partial<GuardContext> = {}): OpenAPIHono {
  const app = new OpenAPIHono();
  app.onError((error, c) => answerFault(error, c, silentLogger));
  guard(app, { hosts: null, maxBodyBytes: 1_000, auth: OPEN, ...change });
  app.get("/api/jobs", (c) => c.text("list"));
  app.post("/api/jobs/:job_id/run", async (c) => c.text(`${callerOf(c).subject} ${await c.req.text()}`));
  app.get("/events/:job_id/:kind", (c) => c.text("stream"));
  return app;
}

/** The same where nobody's token is good. */
const closed = {
  ...OPEN,
  verifier: {
    verify: () => Promise.reject(new InvalidTokenError("the token is a test's")),
    ping: () => Promise.resolve(),
  },
};

const code = async (response: Response) => (await response.json()).error.code;

Deno.test("G12 the listed origins may use the service from their pages, and are told so before", async () => {
  const app = guarded();
  const preflight = await app.request("/api/jobs/j/run", {
    method: "OPTIONS",
    headers: {
      origin: FRIEND,
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization,content-type",
    },
  });
  assertEquals([preflight.status, preflight.headers.get("access-control-allow-origin")], [204, FRIEND]);
  assertEquals(preflight.headers.get("access-control-allow-credentials"), "true");
  assertStringIncludes(preflight.headers.get("access-control-allow-methods") ?? "", "POST");
  assertStringIncludes(preflight.headers.get("access-control-allow-headers") ?? "", "authorization");
  for (const answering of [app, guarded({ auth: closed })]) {
    const response = await answering.request("/api/jobs", {
      headers: { origin: FRIEND, authorization: "Bearer x" },
    });
    assertEquals(response.headers.get("access-control-allow-origin"), FRIEND);
    assertStringIncludes(response.headers.get("vary") ?? "", "Origin");
  }
});

Deno.test("G12 other origins are let in to nothing, and no answer is kept for the wrong one", async () => {
  const app = guarded();
  const strangers = [
    "https://evil.example",
    `${FRIEND}.evil.example`,
    "http://friend.example",
    `${FRIEND}:8443`,
    "null",
  ];
  for (const origin of strangers) {
    const preflight = await app.request("/api/jobs/j/run", { method: "OPTIONS", headers: { origin } });
    assertEquals([preflight.status, await code(preflight)], [403, "forbidden_origin"]);
    const read = await app.request("/api/jobs", { headers: { origin } });
    const run = await app.request("/api/jobs/j/run", { method: "POST", headers: { origin } });
    assertEquals([run.status, await code(run)], [403, "forbidden_origin"]);
    for (const { headers } of [preflight, read, run]) {
      assertEquals([...headers.keys()].filter((name) => name.startsWith("access-control")), []);
    }
    assertStringIncludes(read.headers.get("vary") ?? "", "Origin");
  }
  const nobody = guarded({ auth: { ...OPEN, origins: new Set() } });
  assertEquals(
    (await nobody.request("/api/jobs", { method: "OPTIONS", headers: { origin: FRIEND } })).status,
    403,
  );
});

Deno.test("G12 without tokens, a foreign page cannot lend its visitor's reach to its author; programs need no origin", async () => {
  const app = guarded();
  const run = (headers: Record<string, string>) =>
    app.request("/api/jobs/j/run", { method: "POST", headers });
  assertEquals((await run({ "sec-fetch-site": "cross-site" })).status, 403);
  assertEquals((await run({ "content-type": "text/plain" })).status, 415);
  assertEquals((await run({ "content-type": "application/x-www-form-urlencoded" })).status, 415);
  assertEquals(await (await run({})).text(), "null ");
  assertEquals((await run({ origin: "http://127.0.0.1:8080", host: "127.0.0.1:8080" })).status, 200);
});

Deno.test("G12 names that are not ours are refused before anything else", async () => {
  const app = guarded({ hosts: new Set(["127.0.0.1", "[::1]"]) });
  const status = async (host: string) => (await app.request("/api/jobs", { headers: { host } })).status;
  assertEquals([await status("127.0.0.1:8080"), await status("[::1]:8080"), await status("[::1]")], [
    200,
    200,
    200,
  ]);
  for (const host of ["evil.example", "127.0.0.1.evil.example", "127.0.0.1.", "127.0.0.2:8080", "[::2]"]) {
    assertEquals(await status(host), 403, host);
  }
});

Deno.test("G12 a route that no rule names is open to nobody", async () => {
  const app = guarded({ auth: closed });
  app.get("/api/forgotten", (c) => c.text("secret"));
  const response = await app.request("/api/forgotten", { headers: { authorization: "Bearer x" } });
  assertEquals([response.status, await code(response)], [403, "forbidden"]);
  assertEquals((await app.request("/nothing")).status, 404);
});

Deno.test("G12 a method that a known path does not have gets 405 and is told which it has, whoever asks", async () => {
  for (const app of [guarded(), guarded({ auth: closed })]) {
    const wrong: [method: string, path: string, allow: string][] = [
      ["POST", "/api/jobs", "GET, HEAD"],
      ["DELETE", "/events/j/all", "GET, HEAD"],
      ["UNSPEAKABLE", "/events/j/all", "GET, HEAD"],
      ["GET", "/api/jobs/j/run", "POST"],
      ["HEAD", "/api/jobs/j/run", "POST"],
      ["PUT", "/api/jobs/j/run", "POST"],
    ];
    for (const [method, path, allow] of wrong) {
      // Whatever else is wrong with it.
      const body = method === "POST" || method === "PUT" ? { body: "x".repeat(2_000) } : {};
      const response = await app.request(path, { method, ...body });
      assertEquals([response.status, response.headers.get("allow")], [405, allow], `${method} ${path}`);
      if (method === "HEAD") assertEquals(response.body, null);
      else assertEquals(await code(response), "method_not_allowed");
    }
    assertEquals((await app.request("/nothing", { method: "PUT" })).status, 404);
    assertEquals((await app.request("/api/jobs", { method: "OPTIONS" })).status, 404);
  }
  const readable = await guarded().request("/api/jobs", { method: "POST", headers: { origin: FRIEND } });
  assertEquals([readable.status, readable.headers.get("access-control-allow-origin")], [405, FRIEND]);
});

Deno.test("G12 JSON that is no UTF-8 is refused, rather than read as something else than was sent", async () => {
  const run = (bytes: number[], type = "application/json") =>
    guarded().request("/api/jobs/j/run", {
      method: "POST",
      headers: { "content-type": type },
      body: Uint8Array.of(0x22, ...bytes, 0x22),
    });
  const hostile = [[0xff], [0xc3], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe4]];
  for (const bytes of hostile) {
    for (const type of ["application/json", "Application/JSON; charset=utf-16"]) {
      const response = await run(bytes, type);
      assertEquals([response.status, await code(response)], [400, "malformed_request"], `${bytes}`);
    }
  }
  assertEquals(
    await (await run([...new TextEncoder().encode("日本語\ufffd")])).text(),
    'null "日本語\ufffd"',
  );
});

Deno.test("an empty body is none, whatever it is declared as", async () => {
  const app = guarded();
  app.post("/api/jobs/:job_id/cancel", (c) => c.json([c.req.raw.body, c.req.header("content-type") ?? null]));
  for (const body of [null, ""]) {
    const headers = { "content-type": "application/json" };
    const response = await app.request("/api/jobs/j/cancel", { method: "POST", headers, body });
    assertEquals(await response.json(), [null, null]);
  }
});

Deno.test("G12 streams beyond the most there may be are put off", async () => {
  let full = true;
  const app = guarded({ full: () => full });
  const response = await app.request("/events/j/all");
  assertEquals([response.status, await code(response), response.headers.get("retry-after")], [
    503,
    "too_many_streams",
    "10",
  ]);
  assertEquals((await app.request("/api/jobs")).status, 200);
  full = false;
  assertEquals((await app.request("/events/j/all")).status, 200);
});

Deno.test("G12 what would make the body of an answer to HEAD is told to stop", async () => {
  const app = guarded();
  let cancelled = 0;
  app.get(
    "/logs/:job_id/download",
    () => new Response(new ReadableStream({ cancel: () => void cancelled++ })),
  );
  const response = await app.request("/logs/j/download", { method: "HEAD" });
  assertEquals([response.status, response.body, cancelled], [200, null, 1]);
});

Deno.test("G12 bodies that are too large or take too long cost no more than the limit", async () => {
  await using server = serve(guarded());
  const head = "POST /api/jobs/j/run HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n";
  assertStringIncludes(await server.say(`${head}Content-Length: 2\r\n\r\n{}`), "null {}");
  assertStringIncludes(await server.say(`${head}Content-Length: 1001\r\n\r\n`), "413");
  assertStringIncludes(await server.say(`${head}Content-Length: 99999999999999999999\r\n\r\n`), "400");
  const chunk = `3e8\r\n${"x".repeat(1_000)}\r\n`;
  assertStringIncludes(await server.say(`${head}Transfer-Encoding: chunked\r\n\r\n${chunk}${chunk}`), "413");
  await using hasty = serve(guarded({ bodyTimeoutMs: 300 }));
  const slow = await hasty.say(`${head}Content-Length: 10\r\n\r\n{"a`);
  assertStringIncludes(slow, "408");
  assertStringIncludes(slow, "body_too_slow");
});

Deno.test("G12 requests that no client would send are refused, and are no fault of ours", async () => {
  await using server = serve(guarded());
  const hosts = [
    "a b",
    "[",
    "[::1",
    "a:99999",
    "%",
    "user@a",
    "::1",
    "a:b",
    "a/events/j/all?",
    "a#",
    "é",
    ",",
  ];
  for (const host of hosts) {
    assertStringIncludes(await server.say(`GET /api/jobs HTTP/1.1\r\nHost: ${host}\r\n\r\n`), " 400 ", host);
  }
  for (const host of ["a", "A-1.example:8080", "my_host", "127.0.0.1:80", "[::1]:80"]) {
    assertStringIncludes(await server.say(`GET /api/jobs HTTP/1.1\r\nHost: ${host}\r\n\r\n`), " 200 ", host);
  }
  for (const method of ["TRACE", "CONNECT", "OPTIONS", "PUT", "PROPFIND", "NONSENSE"]) {
    for (const target of ["/api/jobs", "*", "http://[/x", "http://a/%ff%zz", "//x"]) {
      const answer = await server.say(
        `${method} ${target} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}`,
      );
      assert(/^HTTP\/1\.1 4\d\d /.test(answer), `${method} ${target}: ${answer}`);
    }
  }
});

Deno.test("G12 nobody's body is read before it is clear who sends it", async () => {
  await using server = serve(guarded({ auth: closed }));
  const head = "POST /api/jobs/j/run HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n";
  assertStringIncludes(await server.say(`${head}Content-Length: 10\r\n\r\n`), "401");
});

Deno.test("G12 clients that dawdle with their heads, or send too much of them, hold nobody up", async () => {
  await using server = serve(guarded());
  const dawdling = await Promise.all(
    Array.from({ length: 200 }, () => server.open("GET /api/jobs HTTP/1.1\r\nHos")),
  );
  assertStringIncludes(await server.say("GET /api/jobs HTTP/1.1\r\nHost: a\r\n\r\n"), "list");
  assertStringIncludes(
    await server.say(`GET /api/jobs HTTP/1.1\r\nX: ${"x".repeat(1_000_000)}\r\n\r\n`),
    " 400 ",
  );
  assertStringIncludes(await server.say(`GET /${"x".repeat(1_000_000)} HTTP/1.1\r\n\r\n`), " 4");
  const many = Array.from({ length: 1_000 }, (_, i) => `X${i}: x\r\n`).join("");
  assertStringIncludes(await server.say(`GET /api/jobs HTTP/1.1\r\n${many}\r\n`), " 400 ");
  const twice =
    "POST /api/jobs/j/run HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n";
  assertStringIncludes(await server.say(`${twice}0\r\n\r\n`), " 400 ");
  // The server's end does not wait for them either.
  const began = performance.now();
  await server[Symbol.asyncDispose]();
  assert(performance.now() - began < 30_000);
  for (const connection of dawdling) connection.close();
});

/** The application on a port, spoken to in plain text. */
function serve(app: OpenAPIHono) {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, app.fetch);
  const open = async (text: string) => {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port: server.addr.port });
    // The server may answer and close while this is still being written.
    await writeAll(connection, text).catch(() => {});
    return connection;
  };
  return {
    open,
    /** What the server answers first, as text. */
    async say(text: string): Promise<string> {
      using connection = await open(text);
      const buffer = new Uint8Array(10_000);
      let answer = "";
      for (let left = 100; left > 0 && !/\r\n\r\n./s.test(answer); left--) {
        const count = await connection.read(buffer).catch(() => null);
        if (count === null) break;
        answer += new TextDecoder().decode(buffer.subarray(0, count));
        if (answer.includes("content-length: 0")) break;
      }
      return answer;
    },
    async [Symbol.asyncDispose]() {
      await Promise.race([server.shutdown(), sleep(60_000)]);
    },
  };
}

async function writeAll(connection: Deno.Conn, text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}
