import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { assertEquals, assertRejects } from "@std/assert";
import { OutageError } from "../run/outage_error.ts";
import { exampleJob, page, StrictPfcon } from "../testing/strict_pfcon.ts";

const JOB = exampleJob;

Deno.test("schedule() sends a plugin's lists as repeated keys, in order", async () => {
  await using pfcon = new StrictPfcon();
  const compute = await pfcon.client().schedule("plugin", JOB);
  assertEquals([compute.jid, compute.status], ["trial-1", "notStarted"]);
  const form = pfcon.seen[0]?.form ?? new URLSearchParams();
  assertEquals(form.getAll("args"), ["--name", "a,b & c=d", ""]);
  assertEquals(form.getAll("entrypoint"), ["sh", "-c"]);
  assertEquals(form.getAll("env"), ["A=1=2", "B=ü"]);
  assertEquals(form.getAll("input_dirs"), ["home/foo/in", "home/foo/more"]);
  assertEquals([form.get("output_dir"), form.get("auid"), form.get("memory_limit")], [
    "home/foo/out",
    "cube",
    "64",
  ]);
  assertEquals(pfcon.mistakes, []);
});

Deno.test("schedule() gives each of the other collections its own fields and leaves limits to pfcon", async () => {
  await using pfcon = new StrictPfcon();
  const client = pfcon.client();
  for (const step of ["copy", "upload", "delete"] as const) await client.schedule(step, JOB);
  assertEquals(pfcon.seen.map(({ path, form }) => [path, form.toString()]), [
    [
      "/api/v1/copyjobs/",
      "jid=trial-1&input_dirs=home%2Ffoo%2Fin&input_dirs=home%2Ffoo%2Fmore&output_dir=home%2Ffoo%2Fout",
    ],
    ["/api/v1/uploadjobs/", "jid=trial-1&job_output_path=home%2Ffoo%2Fout"],
    ["/api/v1/deletejobs/", "jid=trial-1"],
  ]);
  assertEquals(pfcon.mistakes, []);
});

Deno.test("get() returns null for a job that pfcon does not have, and its state if it does", async () => {
  await using pfcon = new StrictPfcon();
  const client = pfcon.client();
  assertEquals(await client.get("plugin", "trial-1"), null);
  await client.schedule("plugin", JOB);
  assertEquals((await client.get("plugin", "trial-1"))?.message, "created");
  assertEquals(await client.get("copy", "trial-1"), null);
});

Deno.test("remove() succeeds whether or not there is a container", async () => {
  await using pfcon = new StrictPfcon();
  const client = pfcon.client();
  await client.schedule("plugin", JOB);
  await client.remove("plugin", "trial-1");
  await client.remove("plugin", "trial-1");
  assertEquals(await client.get("plugin", "trial-1"), null);
});

Deno.test("serverInfo() accepts a base address with and without /api/v1/", async () => {
  await using pfcon = new StrictPfcon();
  for (const tail of ["", "/", "/api/v1", "/api/v1/"]) {
    const info = await pfcon.client({ url: pfcon.url + tail }).serverInfo();
    assertEquals([info.requires_copy_job, info.requires_upload_job, info.storage_env], [
      true,
      false,
      "fslink",
    ]);
  }
});

Deno.test("a job id is one path segment whatever it holds", async () => {
  await using pfcon = new StrictPfcon();
  await pfcon.client().remove("upload", "a/b?c#d e");
  assertEquals(pfcon.seen[0]?.path, "/api/v1/uploadjobs/a%2Fb%3Fc%23d%20e/");
});

Deno.test("an abort ends a call at once with the signal's reason", async () => {
  await using pfcon = new StrictPfcon();
  const arrived = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<Response>();
  pfcon.instead = (request) => {
    if (!request.url.includes("/pluginjobs/")) return undefined;
    arrived.resolve();
    return gate.promise;
  };
  const stop = new AbortController();
  const call = pfcon.client().get("plugin", "trial-1", stop.signal);
  await arrived.promise;
  const reason = new RangeError("stopping");
  stop.abort(reason);
  assertEquals(await call.catch((error) => error), reason);
  gate.resolve(page(500, "late"));
  assertEquals(await pfcon.client().get("plugin", "x", stop.signal).catch((error) => error), reason);
});

Deno.test("G7 schedule() sends an order once, also if pfcon drops the connection instead of an answer", async () => {
  await using pfcon = new StrictPfcon();
  const orders: string[] = [];
  const server = createServer((request, response) => {
    const { method, url } = request;
    request.resume().on("end", async () => {
      if (url?.endsWith("jobs/") && method === "POST") {
        return void response.socket?.destroy(void orders.push(url));
      }
      const body = method === "POST" ? '{"pfcon_user": "someone", "pfcon_password": "pass word"}' : undefined;
      const headers = {
        "content-type": "application/json",
        authorization: request.headers.authorization ?? "",
      };
      const answer = await fetch(`${pfcon.url}${url}`, { method, body, headers });
      response.writeHead(answer.status).end(await answer.text());
    });
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const client = pfcon.client({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    await client.get("copy", "trial-1"); // a connection that a later call might use again
    await assertRejects(() => client.schedule("copy", JOB), OutageError);
    assertEquals(orders, ["/api/v1/copyjobs/"]);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

Deno.test("ping() needs no login", async () => {
  await using pfcon = new StrictPfcon();
  await pfcon.client({ password: "wrong" }).ping();
  assertEquals(pfcon.logins, 0);
  pfcon.instead = () => page(200, "welcome");
  await assertRejects(() => pfcon.client().ping(), OutageError);
});
