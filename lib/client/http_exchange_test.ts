import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ChrisError, ChrisOutageError } from "./chris_error.ts";
import { HttpExchange } from "./http_exchange.ts";

type Asked = { url: string; headers: Headers; init: RequestInit };

/** An exchange whose requests are answered here. */
function exchange(answer: (asked: Asked) => Response | Promise<Response>, options: object = {}) {
  const asked: Asked[] = [];
  const fetch = async (input: unknown, init: RequestInit = {}) => {
    asked.push({ url: String(input), headers: new Headers(init.headers), init });
    return await answer({ url: String(input), headers: new Headers(init.headers), init });
  };
  const given = { baseUrl: "http://host:1/chris", fetch: fetch as typeof globalThis.fetch, ...options };
  return { exchange: new HttpExchange(given), asked };
}

const fault = (status: number, error: object, headers = {}) =>
  new Response(JSON.stringify({ error }), { status, headers });

Deno.test("HttpExchange asks below its base address, with each part of the path encoded", async () => {
  const { exchange: http, asked } = exchange(() => Response.json({ a: 1 }));
  const query = { q: "a b&c", left: undefined, limit: 5 };
  assertEquals(await http.json({ attempt: "x", path: ["api", "a/b?#ü"], query }), { a: 1 });
  assertEquals(asked[0]?.url, "http://host:1/chris/api/a%2Fb%3F%23%C3%BC?q=a+b%26c&limit=5");
  for (const part of ["", ".", ".."]) {
    await assertRejects(() => http.json({ attempt: "read it", path: ["api", part, "run"] }), RangeError);
  }
  await http.json({ attempt: "x", path: ["\ud800"] });
  assertEquals(asked.length, 2);
});

Deno.test("HttpExchange takes no address that requests cannot go to, and shows no password", () => {
  for (const baseUrl of ["", "host:8080", "ftp://host", "http://ada:secret@host"]) {
    const error = assertThrows(() => new HttpExchange({ baseUrl }), RangeError);
    assertEquals(error.message.includes("secret"), false);
  }
});

Deno.test("HttpExchange tells a refusal, with code and fields, from an outage", async () => {
  const details = [{ field: "image", message: "expected a name" }];
  const no = exchange(() => fault(422, { code: "invalid_request", message: "image: …", details })).exchange;
  const error = await assertRejects(
    () => no.json({ attempt: "run it", path: ["x"] }),
    ChrisError,
    "Cannot run it",
  );
  assertEquals([error.status, error.code, error.details], [422, "invalid_request", details]);
  const bare = exchange(() => new Response("<h1>no", { status: 404 })).exchange;
  assertEquals(
    (await assertRejects(() => bare.json({ attempt: "x", path: ["x"] }), ChrisError)).code,
    "http_error",
  );
  const html = exchange(() => new Response("<h1>")).exchange;
  await assertRejects(() => html.json({ attempt: "x", path: ["x"] }), ChrisError, "no JSON");
  for (const status of [408, 425, 429, 500, 502, 503]) {
    const away = exchange(() => fault(status, {}, { "retry-after": "3" })).exchange;
    const outage = await assertRejects(() => away.json({ attempt: "x", path: ["x"] }), ChrisOutageError);
    assertEquals([outage.status, outage.retryAfterMs], [status, 3_000]);
  }
  const gone = exchange(() => Promise.reject(new TypeError("refused"))).exchange;
  assertEquals(
    (await assertRejects(() => gone.send({ attempt: "x", path: ["x"] }), ChrisOutageError)).status,
    null,
  );
});

Deno.test("HttpExchange asks for a new token once when the service refuses one", async () => {
  const asked: boolean[] = [];
  const token = ({ refused }: { refused: boolean }) => {
    asked.push(refused);
    return refused ? "new" : "old";
  };
  const answer = ({ headers }: Asked) =>
    headers.get("authorization") === "Bearer new" ? Response.json(1) : fault(401, { code: "unauthorized" });
  assertEquals(await exchange(answer, { token }).exchange.json({ attempt: "x", path: ["x"] }), 1);
  assertEquals(asked, [false, true]);
  const fixed = exchange(answer, { token: "old" });
  await assertRejects(() => fixed.exchange.json({ attempt: "x", path: ["x"] }), ChrisError);
  assertEquals(fixed.asked.length, 1);
});

Deno.test("HttpExchange waits no longer than it may, and tells that from being called off", async () => {
  const never = ({ init }: Asked) => {
    const { promise, reject } = Promise.withResolvers<Response>();
    init.signal?.addEventListener("abort", () => reject(init.signal?.reason));
    if (init.signal?.aborted) reject(init.signal.reason);
    return promise;
  };
  const { exchange: http } = exchange(never);
  const alive = setTimeout(() => {}, 60_000); // A pending AbortSignal.timeout() alone does not keep a test running.
  await assertRejects(() => http.send({ attempt: "x", path: ["x"], timeoutMs: 5 }), ChrisOutageError);
  clearTimeout(alive);
  const off = AbortSignal.abort(new Error("called off"));
  await assertRejects(() => http.send({ attempt: "x", path: ["x"], signal: off }), Error, "called off");
});
