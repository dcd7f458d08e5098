import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { base64url, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { authContextOf } from "../../workers/sse_service/auth/auth_context.ts";
import { SCOPES } from "../../workers/sse_service/auth/caller.ts";
import { type ClosedRule, ruleKey, RULES } from "../../workers/sse_service/auth/rules.ts";
import { type SseBench, startSseBench } from "./sse_bench.ts";

const SECRET = "a secret of the tests, long enough for HS256";
const FRIEND = "https://friend.example";
const OWN = { iss: "https://issuer.example", aud: "chris", sub: "ada" };

const auth = await authContextOf({
  AUTH_MODE: "token",
  AUTH_JWT_SECRET: SECRET,
  AUTH_ISSUER: OWN.iss,
  AUTH_AUDIENCE: OWN.aud,
  CORS_ORIGINS: FRIEND,
}, Date.now);

/** A token of our issuer that lives for an hour, unless the claims say otherwise. */
function tokenWith(claims: JWTPayload, secret = SECRET): Promise<string> {
  const exp = Math.floor(Date.now() / 1_000) + 3_600;
  const scope = SCOPES.join(" ");
  return new SignJWT({ ...OWN, exp, scope, ...claims }).setProtectedHeader({ alg: "HS256" })
    .sign(new TextEncoder().encode(secret));
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const cookie = (token: string) => ({ cookie: `a=b; chris_session=${token}` });

/** The routes of the application, each once; middleware has the method ALL. */
function routesOf({ app }: SseBench): { method: string; path: string }[] {
  const keys = new Set(
    app.routes.filter(({ method }) => method !== "ALL").map(({ method, path }) => ruleKey(method, path)),
  );
  return [...keys].map((key) => key.split(" ")).map(([method = "", path = ""]) => ({ method, path }));
}

/** A route's rule, where it has one that asks for something. */
const ruleOf = (route: { method: string; path: string }) => RULES[ruleKey(route.method, route.path)];

/** The URL of a route about `job-1`. */
const urlOf = (bench: SseBench, path: string) =>
  bench.url + path.replace(":job_id", "job-1").replace(/:kind/, path.startsWith("/events") ? "all" : "status")
    .replace(/:\w+/g, "1-0");

async function ask(url: string, method: string, headers: Record<string, string>) {
  const response = await fetch(url, { method, headers });
  const isJson = response.headers.get("content-type")?.startsWith("application/json");
  const body = isJson && method !== "HEAD" ? await response.json() : await response.body?.cancel();
  return {
    status: response.status,
    code: body?.error?.code as string | undefined,
    challenge: response.headers.get("www-authenticate"),
    headers: response.headers,
  };
}

Deno.test("G12 nobody gets in where they do not belong", async (t) => {
  await using bench = await startSseBench({ guard: { auth } });
  await t.step("every route has a rule, and every rule a route", () => everyRouteHasRule(bench));
  await t.step("every route lets in those it is for and nobody else", () => letsInWhoItIsFor(bench));
  await t.step("streams end with the token, and a dead token opens none", () => streamsEndWithToken(bench));
  await t.step("no spelling of a path leads around a limit to some jobs", () => noSpellingLeadsAround(bench));
});

function everyRouteHasRule(bench: SseBench): void {
  const routes = routesOf(bench);
  const unruled = routes.filter((route) => ruleOf(route) === undefined);
  assertEquals(unruled, []);
  const registered = new Set(routes.map(({ method, path }) => ruleKey(method, path)));
  assertEquals(Object.keys(RULES).filter((key) => !registered.has(key)), []);
  // What answers every method would be taken for middleware, which no rule is asked about.
  const everyMethod = bench.app.routes.filter(({ method }) => method === "ALL").map(({ path }) => path);
  assertEquals([...new Set(everyMethod)].sort(), ["/*", "/api/*", "/events/*"]);
}

async function letsInWhoItIsFor(bench: SseBench): Promise<void> {
  const { privateKey } = await generateKeyPair("RS256");
  const good = await tokenWith({});
  const [header = "", payload = "", signature = ""] = good.split(".");
  const none = `${base64url.encode('{"alg":"none"}')}.${payload}.`;
  const past = Math.floor(Date.now() / 1_000) - 1;
  const exp = past + 3_600;
  const bad: Record<string, Record<string, string>> = {
    expired: bearer(await tokenWith({ exp: past })),
    "without expiry": bearer(await tokenWith({ exp: undefined } as JWTPayload)),
    forged: bearer(await tokenWith({}, `${SECRET}.`)),
    "cut short": bearer(`${header}.${payload}.${signature.slice(0, -4)}`),
    "of another audience": bearer(await tokenWith({ aud: "other" })),
    "of another issuer": bearer(await tokenWith({ iss: "https://evil.example" })),
    "not valid yet": bearer(await tokenWith({ nbf: exp })),
    unsigned: bearer(none),
    "of another algorithm": bearer(
      await new SignJWT({ ...OWN, exp, scope: SCOPES.join(" ") }).setProtectedHeader({ alg: "RS256" })
        .sign(privateKey),
    ),
    empty: bearer(""),
    twice: bearer(`${good}, Bearer ${good}`),
    "bad beside a good cookie": { ...bearer(none), ...cookie(good) },
    "bad in the cookie": cookie(none),
  };
  for (const route of routesOf(bench)) {
    const { method } = route;
    const url = urlOf(bench, route.path);
    const rule = ruleOf(route);
    const name = ruleKey(method, route.path);
    if (rule === "open" || rule === undefined) {
      const { status } = await ask(url, method, {});
      assertEquals(status === 401, name === "POST /api/session", name);
      assert(status !== 403, name);
      continue;
    }
    const missing = await ask(url, method, {});
    assertEquals([missing.status, missing.code], [401, "unauthenticated"], name);
    assertEquals(missing.challenge, 'Bearer realm="chris"', name);
    for (const [kind, headers] of Object.entries(bad)) {
      const { status, code, challenge } = await ask(url, method, headers);
      const expected = kind === "expired" ? "token_expired" : "invalid_token";
      assertEquals([status, code], [401, expected], `${name}, ${kind}`);
      assertStringIncludes(challenge ?? "", 'error="invalid_token"', `${name}, ${kind}`);
    }
    for (const place of ["access_token", "token", "authorization", "bearer"]) {
      assertEquals((await ask(`${url}?${place}=${good}`, method, {})).status, 401, `${name}, in the URL`);
    }
    await lettingIn(rule, name, { url, method });
  }
}

/** Attacks a route with good tokens that are for something else, and comes in with those that are for it. */
async function lettingIn(
  { scope, about }: ClosedRule,
  name: string,
  { url, method }: { url: string; method: string },
) {
  const others = SCOPES.filter((other) => other !== scope);
  const lacking = await ask(
    url,
    method,
    bearer(await tokenWith({ scope: [...others, `${scope}s`].join(" ") })),
  );
  assertEquals([lacking.status, lacking.code], [403, "insufficient_scope"], name);
  assertStringIncludes(lacking.challenge ?? "", `scope="${scope}"`, name);
  assertEquals(
    (await ask(url, method, bearer(await tokenWith({ scope: undefined } as JWTPayload)))).status,
    403,
  );

  const limits: [jobs: string[], isForJob: boolean][] = [
    [["job-2"], false],
    [["job-2*", "xjob-*"], false],
    [[], false],
    [["job-2", "job-1"], true],
    [["job-*"], true],
    [["*"], true],
  ];
  for (const [jobs, isForJob] of limits) {
    const { status, code } = await ask(url, method, bearer(await tokenWith({ scope, jobs })));
    const refused = about === "job" && !isForJob || about === "all jobs" && !jobs.includes("*");
    assertEquals(code === "forbidden_job", refused, `${name}, ${jobs}`);
    assertEquals(status === 403, refused, `${name}, ${jobs}`);
  }

  const token = await tokenWith({ scope });
  const comesIn = async (headers: Record<string, string>) => {
    const { status } = await ask(url, method, headers);
    return status !== 401 && status !== 403;
  };
  assert(await comesIn(bearer(token)), name);
  assert(await comesIn({ authorization: `bearer ${token}` }), name);
  assert(await comesIn(cookie(token)), name);
  assert(await comesIn({ ...cookie(token), "sec-fetch-site": "same-origin" }), name);
  assert(await comesIn({ ...cookie(token), origin: new URL(url).origin }), name);
  assert(await comesIn({ ...cookie(token), origin: FRIEND, "sec-fetch-site": "cross-site" }), name);
  const foreign = await ask(url, method, { ...cookie(token), origin: "https://evil.example" });
  assertEquals([foreign.status, foreign.code], [403, "forbidden_origin"], name);
  assertEquals(foreign.headers.get("access-control-allow-origin"), null, name);
  if (method !== "GET") assert(!await comesIn({ ...cookie(token), "sec-fetch-site": "same-site" }), name);
}

async function noSpellingLeadsAround(bench: SseBench): Promise<void> {
  const headers = bearer(await tokenWith({ jobs: ["job-1", "team-*"] }));
  const paths = [
    "/api/jobs/job-2/workflow",
    "/api/jobs/job%2D2/workflow",
    "/api/jobs/job-1%2F..%2Fjob-2/workflow",
    "/api/jobs/job-1/../job-2/workflow",
    "/api/jobs/job-1%00/workflow",
    "/api/jobs/team-%252F..%252Fjob-2/workflow",
    "/api/jobs/team-%2F..%2Fjob-2/workflow",
    "/api/jobs/job-2%20/workflow",
    "/api/jobs/%ff/workflow",
    "/api/jobs/%/workflow",
    "/api/jobs/JOB-1/workflow",
    "/api/jobs/job-2/workflow?job_id=job-1",
    "/logs/job-2/history?job_id=job-1",
    "/events/job-2/all?job_id=job-1",
  ];
  for (const path of paths) {
    const { status } = await ask(bench.url + path, "GET", headers);
    assert([403, 404, 422].includes(status), `${path} is answered with ${status}`);
    const open = await ask(bench.url + path, "GET", {});
    assert(open.status === 401 || open.status === 404, `${path} without a token: ${open.status}`);
  }
  for (const path of ["//api/jobs/job-2/workflow", "/API/jobs/job-2/workflow", "/api/jobs/job-2/workflow/"]) {
    assertEquals((await ask(bench.url + path, "GET", headers)).status, 404, path);
  }
  assertEquals((await ask(`${bench.url}/events/job-2/all`, "HEAD", headers)).status, 403);
  assertEquals((await ask(`${bench.url}/events/job-2/all`, "HEAD", {})).status, 401);
}

/** By the header and by the cookie, and whoever waits for confirmations; a stream of a token that lives beyond all timers goes on. */
async function streamsEndWithToken(bench: SseBench): Promise<void> {
  const url = `${bench.url}/events/job-1/all`;
  const exp = Math.floor(Date.now() / 1_000) + 5;
  const token = await tokenWith({ exp });
  const gone = new AbortController();
  const lasting = await fetch(url, {
    headers: bearer(await tokenWith({ exp: exp + 1e10 })),
    signal: gone.signal,
  });
  const polling = ask(`${bench.url}/api/confirmations?wait=20`, "GET", bearer(token)).then((answer) => {
    assertEquals([answer.status, answer.code], [401, "token_expired"]);
    return Date.now();
  });
  const streaming = [bearer(token), cookie(token)].map(async (headers) => {
    const response = await fetch(url, { headers });
    assertEquals(response.status, 200);
    await response.text();
    return Date.now();
  });
  const ends = await Promise.all([...streaming, polling]);
  for (const end of ends) assert(end >= exp * 1_000 && end < exp * 1_000 + 10_000, `${end - exp * 1_000} ms`);
  const again = await ask(url, "GET", bearer(token));
  assertEquals([again.status, again.code], [401, "token_expired"]);
  const stillOpen = lasting.text().then(() => false, () => true);
  gone.abort();
  assert(await stillOpen, "the stream of the other token is open");
}
