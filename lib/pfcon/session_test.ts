import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { OutageError } from "../run/outage_error.ts";
import { exampleJob, json, StrictPfcon } from "../testing/strict_pfcon.ts";
import { Session } from "./session.ts";

const JOB = exampleJob;

Deno.test("one login serves all calls, those at the same time included", async () => {
  await using pfcon = new StrictPfcon();
  const client = pfcon.client();
  await Promise.all(Array.from({ length: 8 }, (_, i) => client.get("plugin", `job-${i}`)));
  await client.serverInfo();
  assertEquals([pfcon.logins, pfcon.seen.length], [1, 9]);
});

Deno.test("a token is renewed before it expires", async () => {
  await using pfcon = new StrictPfcon();
  const client = pfcon.client();
  await client.serverInfo();
  pfcon.nowMs += (pfcon.tokenSeconds - 301) * 1000;
  await client.serverInfo();
  assertEquals(pfcon.logins, 1);
  pfcon.nowMs += 2_000;
  await client.serverInfo();
  assertEquals(pfcon.logins, 2);
});

Deno.test("a refused token is renewed once and the call is repeated with its body", async () => {
  await using pfcon = new StrictPfcon();
  const client = pfcon.client();
  await client.serverInfo();
  pfcon.revokeTokens();
  const computes = await Promise.all([client.schedule("copy", JOB), client.schedule("delete", JOB)]);
  assertEquals(computes.map(({ jid }) => jid), ["trial-1", "trial-1"]);
  assertEquals(pfcon.logins, 2);
});

Deno.test("a token refused twice is an outage, not a loop", async () => {
  await using pfcon = new StrictPfcon();
  let calls = 0;
  pfcon.instead = (request) => {
    if (request.url.includes("auth-token")) return undefined;
    calls++;
    return json(401, { message: "token is invalid" });
  };
  await assertRejects(() => pfcon.client().serverInfo(), OutageError, "fresh token");
  assertEquals([calls, pfcon.logins], [2, 2]);
});

Deno.test("wrong credentials are an outage that says which settings to look at, without their values", async () => {
  await using pfcon = new StrictPfcon();
  const call = () => pfcon.client({ password: "hush-hush" }).schedule("plugin", JOB);
  const error = await assertRejects(
    call,
    OutageError,
    "PFCON_USER/PFCON_PASSWORD were refused: who are you?",
  );
  assert(!error.message.includes("hush-hush"));
  pfcon.instead = (request) => request.url.includes("auth-token") ? json(500, { message: "odd" }) : undefined;
  await assertRejects(call, OutageError, "the login failed: odd");
});

Deno.test("a caller that gives up does not spoil the login for others", async () => {
  await using pfcon = new StrictPfcon();
  const arrived = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<undefined>();
  pfcon.instead = (request) => {
    if (!request.url.includes("auth-token")) return undefined;
    arrived.resolve();
    return gate.promise as Promise<never>;
  };
  const client = pfcon.client();
  const stop = new AbortController();
  const impatient = client.serverInfo(stop.signal).catch((error) => error);
  const patient = client.serverInfo();
  await arrived.promise;
  stop.abort();
  assertStringIncludes(String(await impatient), "AbortError");
  gate.resolve(undefined);
  assertEquals((await patient).container_env, "docker");
  assertEquals(pfcon.logins, 1);
});

Deno.test("a token that is refused late does not cost the one that has taken its place", async () => {
  let logins = 0;
  const session = new Session({ login: () => Promise.resolve(`token ${++logins}`), now: () => 0 });
  const old = await session.token();
  session.forget(old);
  assertEquals(await session.token(), "token 2");
  session.forget(old);
  assertEquals(await session.token(), "token 2");
});
