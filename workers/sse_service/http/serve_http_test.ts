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
  for (const head of ["GET http://[::: HTTP/1.1", "TRACE / HTTP/1.1", "NONSENSE"]) {
    assertMatch(
      await exchange(server.port, `${head}\r\nHost: a\r\nConnection: close\r\n\r\n`),
      /^HTTP\/1\.1 400 /,
    );
  }
  const answer = await exchange(server.port, "HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  assertMatch(answer, /^HTTP\/1\.1 200 /);
  assertEquals(read, false);
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

function stream(source: UnderlyingDefaultSource<Uint8Array<ArrayBuffer>>): Response {
  return new Response(new ReadableStream(source), { headers: { "content-type": "text/event-stream" } });
}

async function open(handler: (request: Request) => Response | Promise<Response>) {
  const server = await serveHttp(handler, { hostname: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${server.port}`;
  return { url, port: server.port, [Symbol.asyncDispose]: () => server.shutdown() };
}

/** What comes back until the connection ends. */
async function exchange(port: number, text: string): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  if (text === "") return "";
  await connection.write(new TextEncoder().encode(text));
  return await new Response(connection.readable).text().finally(() => {});
}
