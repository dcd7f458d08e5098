import { assert, assertEquals, assertRejects } from "@std/assert";
import { Random } from "../random.ts";
import { containerName, described, PfconProxy } from "./pfcon_proxy.ts";

/** A pfcon that says how often it was called. */
function fakePfcon() {
  const calls: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    calls.push(`${request.method} ${new URL(request.url).pathname}`);
    return request.method === "DELETE"
      ? new Response(null, { status: 204 })
      : Response.json({ ok: true }, { status: 201 });
  });
  return {
    calls,
    url: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

const order = (proxy: PfconProxy) =>
  fetch(`http://127.0.0.1:${proxy.port}/api/v1/copyjobs/`, {
    method: "POST",
    body: new URLSearchParams({ jid: "j-1" }),
    signal: AbortSignal.timeout(60_000),
    // On a connection that was used before, fetch() repeats by itself what was not answered.
    client: Deno.createHttpClient({ poolMaxIdlePerHost: 0 }),
  });

Deno.test("described() reads job and step from the path or the form", () => {
  const form = new TextEncoder().encode("jid=a.b&image=x");
  assertEquals(described({ method: "POST", url: "http://p/api/v1/uploadjobs/" }, form), {
    method: "POST",
    path: "/api/v1/uploadjobs/",
    jobId: "a.b",
    jobType: "upload",
  });
  const { jobId, jobType } = described(
    { method: "DELETE", url: "http://p/api/v1/pluginjobs/j-1/" },
    new Uint8Array(),
  );
  assertEquals([jobId, jobType, containerName("j-1", "plugin"), containerName("j-1", "copy")], [
    "j-1",
    "plugin",
    "j-1",
    "j-1-copy",
  ]);
  assertEquals(described({ method: "GET", url: "http://p/api/v1/health/" }, new Uint8Array()).jobId, null);
});

Deno.test("PfconProxy passes calls on and writes them down with pfcon's own answer", async () => {
  await using pfcon = fakePfcon();
  await using proxy = await PfconProxy.start(pfcon.url, new Random(1));
  const answer = await order(proxy);
  assertEquals([answer.status, await answer.json()], [201, { ok: true }]);
  assertEquals(proxy.calls.map(({ method, jobId, jobType, status }) => [method, jobId, jobType, status]), [
    ["POST", "j-1", "copy", 201],
  ]);
});

Deno.test("PfconProxy refuses without asking pfcon, or asks pfcon and loses the answer", async () => {
  await using pfcon = fakePfcon();
  await using proxy = await PfconProxy.start(pfcon.url, new Random(1));
  proxy.trouble({ troubles: [{ kind: "refuse", status: 409 }], share: 1 });
  const refused = await order(proxy);
  await refused.body?.cancel();
  assertEquals([refused.status, pfcon.calls.length, proxy.calls[0]?.status], [409, 0, null]);
  proxy.trouble({ troubles: [{ kind: "lose" }], share: 1 });
  await assertRejects(async () => await (await order(proxy)).text());
  assertEquals([pfcon.calls.length, proxy.calls[1]?.status], [1, 201]);
});

Deno.test("PfconProxy looks at a container once before its removal", async () => {
  await using pfcon = fakePfcon();
  await using proxy = await PfconProxy.start(pfcon.url, new Random(1));
  const looks: string[] = [];
  proxy.looks.push((name) => {
    looks.push(`${name} ${pfcon.calls.length}`);
    return Promise.resolve();
  });
  for (let times = 0; times < 2; times++) {
    const answer = await fetch(`http://127.0.0.1:${proxy.port}/api/v1/copyjobs/j-1/`, { method: "DELETE" });
    assert(answer.status === 204);
  }
  assertEquals([looks, pfcon.calls.length], [["j-1-copy 0"], 2]);
});
