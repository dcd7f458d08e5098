import { assertEquals, assertMatch } from "@std/assert";
import { until } from "lib/testing/until.ts";
import { serveHttp } from "./serve_http.ts";

Deno.test("serveHttp() hands on method, address, headers and body, and answers on a kept connection", async () => {
  await using server = await open(async (request) => {
    return Response.json([request.method, new URL(request.url).pathname, await request.text()]);
  });
  for (const body of ["one", "two"]) {
    const response = await fetch(`${server.url}/a%20path`, { method: "POST", body });
    assertEquals(await response.json(), ["POST", "/a%20path", body]);
  }
});

Deno.test("serveHttp() answers what is no request with 400, and reads no body of a HEAD request", async () => {
  let read = false;
  await using server = await open(() =>
    new Response(new ReadableStream({ pull: () => void (read = true) }, { highWaterMark: 0 }))
  );
  for (const head of ["GET http://[::: HTTP/1.1", "NONSENSE"]) {
    assertMatch(
      await exchange(server.port, `${head}\r\nHost: a\r\nConnection: close\r\n\r\n`),
      /^HTTP\/1\.1 400 /,
    );
  }
  const answer = await exchange(server.port, "HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  assertMatch(answer, /^HTTP\/1\.1 200 /);
  assertEquals(read, false);
});

Deno.test("serveHttp() hands on what comes by a method that no web request can have, as one that nobody knows", async () => {
  await using server = await open(({ method }) => new Response(method, { status: 405 }));
  const answer = await exchange(server.port, "TRACE / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  assertMatch(answer, /^HTTP\/1\.1 405 [^]*\r\n\r\nUNSPEAKABLE$/);
});

Deno.test("serveHttp() cancels a stream whose client has gone", async () => {
  let cancelled = false;
  await using server = await open(() => stream({ cancel: () => void (cancelled = true) }));
  const client = new AbortController();
  await fetch(server.url, { signal: client.signal });
  client.abort();
  await until("cancelled", () => cancelled);
});

Deno.test("serveHttp() holds a stream back while its client does not read", async () => {
  let made = 0;
  const chunk = new Uint8Array(1 << 16);
  const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => {
    if (made++ < 2_000) controller.enqueue(chunk);
    else controller.close();
  };
  await using server = await open(() => stream({ pull }));
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  await connection.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  for (let seen = -1; seen !== made || made === 0; await new Promise((resolve) => setTimeout(resolve, 300))) {
    seen = made;
  }
  assertEquals(made < 2_000, true, `all ${made} chunks were made for a client that reads nothing`);
});

Deno.test("serveHttp() lets streams end before it has shut down, and takes no new connection meanwhile", async () => {
  let end = () => {};
  const server = await open(() => stream({ start: (controller) => void (end = () => controller.close()) }));
  const response = await fetch(server.url);
  let down = false;
  const closing = server[Symbol.asyncDispose]().then(() => down = true);
  await until("no new connection", () => exchange(server.port, "").then(() => false, () => true));
  assertEquals(down, false);
  end();
  assertEquals(await response.text(), "");
  await closing;
});

Deno.test("serveHttp() tells the length of what is there at once, and sends the rest in pieces", async () => {
  const part = (delay: Promise<void>) =>
    new Response(
      new ReadableStream({
        async start(controller) {
          controller.enqueue(new TextEncoder().encode("first"));
          await delay;
          controller.close();
        },
      }),
    );
  const rest = Promise.withResolvers<void>();
  await using server = await open(({ url }) =>
    url.endsWith("/json")
      ? Response.json({ a: "é" })
      : url.endsWith("/204")
      ? new Response(null, { status: 204 })
      : part(rest.promise)
  );
  const ask = (path: string, version = "1.1") =>
    exchange(server.port, `GET ${path} HTTP/${version}\r\nHost: a\r\nConnection: close\r\n\r\n`);
  assertMatch(await ask("/json"), /content-length: 10\r\n[^]*\r\n\r\n{"a":"é"}$/i);
  assertEquals(/content-length|chunked/i.test(await ask("/204")), false);
  // The head is there before the body is whole.
  const pieces = await fetch(`${server.url}/pieces`);
  rest.resolve();
  assertEquals([pieces.headers.get("content-length"), await pieces.text()], [null, "first"]);
  assertMatch(await ask("/pieces", "1.0"), /\r\n\r\nfirst$/);
});

Deno.test("serveHttp() answers requests sent ahead of their answers in turn, a stream last", async () => {
  await using server = await open(async ({ url }) => {
    if (url.endsWith("/events")) return stream({ start: (controller) => controller.close() });
    if (url.endsWith("/slow")) await new Promise((resolve) => setTimeout(resolve, 30));
    return new Response(new URL(url).pathname);
  });
  const ask = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
  const answers = await exchange(server.port, ask("/slow") + ask("/fast") + ask("/events"));
  assertMatch(answers, /\/slowHTTP\/1\.1 200 [^]*\/fastHTTP\/1\.1 200 [^]*event-stream[^]*\r\n\r\n$/);
});

Deno.test("G12 serveHttp() makes no answers in stock for who reads none, and ends those who ask for too many", async () => {
  let answered = 0;
  await using server = await open(() => {
    answered++;
    return new Response(new Uint8Array(1 << 20));
  });
  const ask = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  using patient = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  await patient.write(new TextEncoder().encode(ask.repeat(60)));
  // The first one reads no byte; the second one would, but asks for too many.
  assertEquals((await exchange(server.port, ask.repeat(200)).catch(() => "")).length < 60 << 20, true);
  assertEquals(answered < 30, true, `${answered} answers were made for clients that read none`);
});

Deno.test("serveHttp() asks for a body that waits to be asked for, unless nobody wants it", async () => {
  await using server = await open(async (request) => {
    if (request.url.endsWith("/refused")) return new Response(null, { status: 413 });
    return new Response(await request.text());
  });
  const head = (path: string) =>
    `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n`;
  const wanted = await exchange(server.port, `${head("/wanted")}Connection: close\r\n\r\nab`);
  assertMatch(wanted, /^HTTP\/1\.1 100 [^]*HTTP\/1\.1 200 [^]*ab$/);
  // The connection ends: what would come next on it may be that body, or another request.
  assertMatch(
    await exchange(server.port, `${head("/refused")}\r\n`),
    /^HTTP\/1\.1 413 [^]*connection: close/i,
  );
});

Deno.test("G12 serveHttp() refuses what is no HTTP, or too much of it, and goes on serving others", async () => {
  await using server = await open(async (request) => new Response(await request.text().catch(() => "cut")));
  const long = "x".repeat(20_000);
  const hostile = {
    "400": [
      "\x16\x03\x01\x02\x00\x01",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      "GET / HTTP/1.1\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
    "431": [`GET /${long} HTTP/1.1\r\nHost: a\r\n\r\n`, `GET / HTTP/1.1\r\nHost: a\r\nX: ${long}\r\n\r\n`],
  };
  for (const [status, requests] of Object.entries(hostile)) {
    for (const request of requests) {
      const answer = await exchange(server.port, request);
      assertEquals(answer.slice(9, 12), status, `${request.slice(0, 80)}: ${answer}`);
    }
  }
  const cut = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  await cut.write(new TextEncoder().encode("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc"));
  cut.close();
  assertEquals(await (await fetch(server.url, { method: "POST", body: "fine" })).text(), "fine");
});

Deno.test("G15 serveHttp() does not wait at its end for those who have asked nothing yet", async () => {
  for (const begun of ["", "GET / HT", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"]) {
    let answered = 0;
    const server = await open(() => new Response(`${++answered}`));
    using connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
    await connection.write(new TextEncoder().encode(begun));
    // Connections are taken in turn, so the first one is known by then.
    await (await fetch(server.url)).text();
    if (begun.endsWith("\n")) await until("answered both", () => answered === 2);
    await server[Symbol.asyncDispose]();
    assertEquals(
      await new Response(connection.readable).text().then((text) => /\r\n\r\n/.test(text)),
      begun.endsWith("\n"),
    );
  }
});

Deno.test("G15 serveHttp() breaks off at its end what goes on for longer than its patience", async () => {
  const download = () => new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(1)) });
  const server = await open(() => new Response(download()));
  const response = await fetch(server.url);
  const rest = response.text().then(() => "an end", () => "broken off");
  assertEquals(await server.shutdown(50), 1);
  assertEquals(await rest, "broken off");
});

function stream(source: UnderlyingDefaultSource<Uint8Array<ArrayBuffer>>): Response {
  return new Response(new ReadableStream(source), { headers: { "content-type": "text/event-stream" } });
}

async function open(handler: (request: Request) => Response | Promise<Response>) {
  const server = await serveHttp(handler, { hostname: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${server.port}`;
  const { port, shutdown } = server;
  return { url, port, shutdown, [Symbol.asyncDispose]: () => shutdown().then(() => {}) };
}

/** What comes back until the connection ends. */
async function exchange(port: number, text: string): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  if (text === "") return "";
  await connection.write(new TextEncoder().encode(text));
  return await new Response(connection.readable).text();
}
