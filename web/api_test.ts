import { assertEquals, assertRejects } from "@std/assert";
import { Api } from "./api.js";
import { ApiError, UnreachableError } from "./api_error.js";

/** An Api whose service answers from a list; records what was asked. */
function setup(answers: (Response | Error)[], tokens: string[] = []) {
  const asked: string[] = [];
  const faults: string[] = [];
  const api = new Api({
    fetch: (input, init) => {
      const token = new Headers(init?.headers).get("authorization");
      asked.push(`${init?.method} ${input}${token ? ` ${token}` : ""}`);
      const answer = answers.shift() ?? new Error("no answer left");
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
    pause: () => Promise.resolve(),
    askToken: (fault) => {
      faults.push(fault);
      return Promise.resolve(tokens.shift() ?? "");
    },
  });
  return { api, asked, faults };
}

const refusal = (status: number, error: unknown) => Response.json({ error }, { status });

Deno.test("Api.config() has working values when the service says nothing", async () => {
  const { sample, features } = await setup([refusal(404, {})]).api.config();
  assertEquals([sample.image, sample.entrypoint, features], ["ghcr.io/fnndsc/pl-simpledsapp:2.1.0", [
    "simpledsapp",
  ], []]);
  const named = setup([Response.json({ sample: { image: "own:1" }, features: ["cancel", 5] })]);
  const config = await named.api.config();
  assertEquals([config.sample.image, config.sample.type, config.features], ["own:1", "ds", ["cancel"]]);
});

Deno.test("Api.config() waits for a service that cannot be reached", async () => {
  const { api, asked } = setup([new TypeError("away"), Response.json({ features: ["retry"] })]);
  assertEquals([(await api.config()).features, asked.length], [["retry"], 2]);
});

Deno.test("Api tells a refusal with all its details", async () => {
  const details = [{ field: "image", message: "required" }];
  const { api, asked } = setup([refusal(422, { code: "invalid_request", message: "not valid", details })]);
  const error = await assertRejects(() => api.run("job/1", {}), ApiError, "not valid") as ApiError;
  assertEquals([error.status, error.code, error.details], [422, "invalid_request", details]);
  assertEquals(asked, ["POST /api/jobs/job%2F1/run"]);
});

Deno.test("Api tells a refusal without a readable body by its status", async () => {
  const { api } = setup([new Response("<html>", { status: 502 })]);
  await assertRejects(() => api.workflow("j"), ApiError, "status 502");
});

Deno.test("Api tells apart that the service cannot be reached", async () => {
  await assertRejects(() => setup([new TypeError("refused")]).api.workflow("j"), UnreachableError);
});

Deno.test("G12 Api asks for a token when it must, until one is accepted, and makes the call again", async () => {
  const { api, asked, faults } = setup([
    refusal(401, {}),
    refusal(401, { message: "this token has expired" }),
    Response.json({}),
    Response.json({ status: "running" }),
  ], ["old", "new"]);
  assertEquals(await api.workflow("j"), { status: "running" });
  assertEquals(faults, ["", "this token has expired"]);
  assertEquals(asked, [
    "GET /api/jobs/j/workflow",
    "POST /api/session Bearer old",
    "POST /api/session Bearer new",
    "GET /api/jobs/j/workflow",
  ]);
});

Deno.test("G12 Api asks for one token, however many calls wait for it", async () => {
  const { api, faults } = setup([
    ...[refusal(401, {}), refusal(401, {}), Response.json({})],
    ...[Response.json({ status: "running" }), Response.json({ status: "failed" })],
  ], ["one"]);
  const found = await Promise.all([api.workflow("a"), api.workflow("b")]);
  assertEquals([found.length, faults], [2, [""]]);
});

Deno.test("G12 Api.signOut() ends the session without asking for another", async () => {
  const { api, asked, faults } = setup([new Response(null, { status: 204 })]);
  await api.signOut();
  assertEquals([asked, faults], [["DELETE /api/session"], []]);
});

Deno.test("Api asks for lists with what is given and nothing else, whatever characters it has", async () => {
  const { api, asked } = setup([Response.json({}), Response.json({})]);
  await api.jobs({ status: "", q: "a&b \ud800", after: null, limit: 50 });
  await api.searchLog("j", { q: "50% #", type: "plugin" });
  assertEquals(asked, [
    "GET /api/jobs?q=a%26b+%EF%BF%BD&limit=50",
    "GET /logs/j/search?q=50%25+%23&type=plugin",
  ]);
});

Deno.test("Api.probe() tells the status of a stream and lets go of it", async () => {
  let cancelled = false;
  const body = new ReadableStream({ cancel: () => void (cancelled = true) });
  const { api } = setup([new Response(body, { status: 200 }), new Response(null, { status: 204 })]);
  assertEquals(await api.probe("/events/j/all"), 200);
  assertEquals(cancelled, true);
  assertEquals(await api.probe("/events/j/all"), 204);
});
