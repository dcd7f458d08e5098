import { assertEquals } from "@std/assert";
import { fuzz } from "./fuzz.ts";

const DOCUMENT = {
  openapi: "3.1.0",
  info: { title: "slow", version: "1" },
  paths: { "/slow": { get: { responses: { 200: { description: "Never." } } } } },
};

Deno.test("fuzz() takes a request for a hang that gets no answer, also if its own time is over before", async () => {
  const given = Promise.withResolvers<Response>();
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
    return request.url.endsWith("/openapi.json") ? Response.json(DOCUMENT) : given.promise;
  });
  const origin = `http://127.0.0.1:${server.addr.port}`;
  const known = { values: {}, credentials: [] };
  const report = await fuzz({ origin, known, seed: 1, durationMs: 50, answerMs: 1_000 });
  given.resolve(new Response());
  assertEquals(report.failure?.fault, "no answer within 1000 ms");
});
