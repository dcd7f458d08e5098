import { assertEquals, assertRejects } from "@std/assert";
import { OutageError } from "../run/outage_error.ts";
import { PfconClient, PfconConflictError, PfconFaultError, PfconRejectedError } from "./client.ts";
import { exampleJob, json, page, StrictPfcon } from "../testing/strict_pfcon.ts";

const JOB = exampleJob;

// deno-lint-ignore no-explicit-any
type ErrorClass = new (...args: any[]) => Error;

Deno.test("400 is a rejection that names every field", async () => {
  await using pfcon = new StrictPfcon();
  const job = { ...JOB, cpu_limit: 1.5, gpu_limit: NaN };
  const error = await assertRejects(() => pfcon.client().schedule("plugin", job), PfconRejectedError);
  assertEquals(error.status, 400);
  assertEquals(error.detail, "cpu_limit: is no whole number; gpu_limit: is no whole number");
  const plain = { ...JOB, number_of_workers: 2 };
  await assertRejects(() => pfcon.client().schedule("plugin", plain), PfconRejectedError, "one worker only");
});

const ANSWERS: [string, () => Response, ErrorClass, string][] = [
  ["409", () => json(409, { message: "copy is started" }), PfconConflictError, "copy is started"],
  ["JSON 500", () => json(500, { message: "no such image" }), PfconFaultError, "no such image"],
  ["other JSON 5xx", () => json(507, { message: "disk full" }), PfconFaultError, "507"],
  ["422", () => json(422, { message: "odd name" }), PfconRejectedError, "422"],
  ["413 of a proxy", () => page(413, "too large"), PfconRejectedError, "too large"],
  ["HTML 500", () => page(500, "Internal Server Error"), OutageError, "PFCON_URL"],
  ["502", () => page(502, "Bad Gateway"), OutageError, "502"],
  ["JSON 503", () => json(503, { message: "api away" }), OutageError, "api away"],
  ["504", () => page(504, "Gateway Timeout"), OutageError, "504"],
  ["429", () => json(429, { message: "slow down" }), OutageError, "slow down"],
  ["unknown path", () => page(404, "Not Found"), OutageError, "PFCON_URL"],
  ["another server's 200", () => page(200, "welcome"), OutageError, "PFCON_URL"],
  ["200 of another shape", () => json(200, { compute: { jid: "trial-1" } }), OutageError, "PFCON_URL"],
];
for (const [name, answer, ErrorType, part] of ANSWERS) {
  Deno.test(`${name} becomes ${ErrorType.name} on every call about a job`, async () => {
    await using pfcon = new StrictPfcon();
    pfcon.instead = (request) => request.url.includes("jobs/") ? answer() : undefined;
    const client = pfcon.client();
    await assertRejects(() => client.schedule("copy", JOB), ErrorType, part);
    await assertRejects(() => client.get("copy", "trial-1"), ErrorType, part);
    if (answer().status >= 300) await assertRejects(() => client.remove("copy", "trial-1"), ErrorType, part);
  });
}

Deno.test("a redirect is not followed", async () => {
  await using pfcon = new StrictPfcon();
  const paths: string[] = [];
  pfcon.instead = (request) => {
    paths.push(new URL(request.url).pathname);
    return request.url.endsWith("/deletejobs/")
      ? Response.redirect(`${pfcon.url}/elsewhere/`, 307)
      : undefined;
  };
  await assertRejects(() => pfcon.client().schedule("delete", JOB), OutageError, "307");
  assertEquals(paths, ["/api/v1/auth-token/", "/api/v1/deletejobs/"]);
});

Deno.test("G8 a pfcon that does not listen, hangs up or stays silent is an outage", async () => {
  const pfcon = new StrictPfcon();
  await pfcon[Symbol.asyncDispose]();
  await assertRejects(() => pfcon.client().get("copy", "x"), OutageError, "pfcon is unavailable");

  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const accepted = listener.accept().then((connection) => connection.close());
  const url = `http://127.0.0.1:${listener.addr.port}`;
  await assertRejects(() => new PfconClient({ url, user: "u", password: "p" }).ping(), OutageError);
  await accepted;

  const silent = new PfconClient({ url, user: "u", password: "p", timeoutMs: 20 });
  await assertRejects(() => silent.ping(), OutageError, "no answer within 20 ms");
});

Deno.test("scheduling has its own, longer limit", async () => {
  await using pfcon = new StrictPfcon();
  const client = pfcon.client({ timeoutMs: 60_000, scheduleTimeoutMs: 20 });
  const gate = Promise.withResolvers<Response>();
  pfcon.instead = (request) => request.url.endsWith("/copyjobs/") ? gate.promise : undefined;
  await assertRejects(() => client.schedule("copy", JOB), OutageError, "no answer within 20 ms");
  gate.resolve(page(500, "late"));
});

Deno.test("G8 a pfcon that begins its answer and falls silent is an outage", async () => {
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const accepted = listener.accept();
  const url = `http://127.0.0.1:${listener.addr.port}`;
  const client = new PfconClient({ url, user: "u", password: "p", timeoutMs: 500 });
  const asked = client.ping(AbortSignal.timeout(10_000));
  using connection = await accepted;
  await connection.write(new TextEncoder().encode("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"));
  await assertRejects(() => asked, OutageError, "no answer within 500 ms");
});
