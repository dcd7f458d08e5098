import { assertEquals } from "@std/assert";
import { CountingProxy } from "./counting_proxy.ts";

Deno.test("CountingProxy passes requests on and counts each once, kept-alive connections and bodies included", async () => {
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    async (request) => new Response(`${request.method} ${await request.text()}`),
  );
  await using proxy = new CountingProxy(`http://127.0.0.1:${server.addr.port}`);
  const ask = async (path: string, init?: RequestInit) =>
    await (await fetch(`${proxy.address}${path}`, init)).text();
  assertEquals(await ask("/a?b=c"), "GET ");
  assertEquals(await ask("/b/", { method: "POST", body: "GET /no HTTP/1.1" }), "POST GET /no HTTP/1.1");
  assertEquals(await ask("/a"), "GET ");
  assertEquals(proxy.calls, ["GET /a", "POST /b/", "GET /a"]);
});
