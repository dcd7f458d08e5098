import { assert, assertEquals } from "@std/assert";
import { OpenAPIHono } from "@hono/zod-openapi";
import { SignJWT } from "jose";
import { silentLogger } from "lib/run/log.ts";
import { OutageError } from "lib/run/outage_error.ts";
import { answerFault } from "../http/app_error.ts";
import { guard } from "../http/guard.ts";
import { type AuthContext, authContextOf } from "./auth_context.ts";
import { callerOf } from "./caller.ts";
import { declareSecurity } from "./declare_security.ts";
import { serveSession } from "./serve_session.ts";
import type { CookieSecurity } from "./session_cookie.ts";

const SECRET = "a secret of the tests, long enough for HS256";
const NOW = 1_800_000_000_000;

/** An application with sessions, and one route behind them that tells who asks. */
async function setup(change: Partial<AuthContext> = {}) {
  const settings = {
    AUTH_MODE: "token",
    AUTH_JWT_SECRET: SECRET,
    AUTH_ISSUER: "us",
    AUTH_AUDIENCE: "chris",
  } as const;
  const auth = { ...await authContextOf({ ...settings, CORS_ORIGINS: "" }, () => NOW), ...change };
  const app = new OpenAPIHono();
  app.onError((error, c) => answerFault(error, c, silentLogger));
  guard(app, { hosts: null, maxBodyBytes: 1_000, auth });
  serveSession(app, auth);
  app.get("/api/jobs/:job_id/workflow", (c) => c.text(callerOf(c).subject ?? ""));
  declareSecurity(app, auth);
  return app;
}

function tokenOf(lifeS: number, claims = {}): Promise<string> {
  const exp = NOW / 1_000 + lifeS;
  return new SignJWT({ iss: "us", aud: "chris", sub: "ada", scope: "jobs:read", exp, ...claims })
    .setProtectedHeader({ alg: "HS256" }).sign(new TextEncoder().encode(SECRET));
}

const post = (token: string, headers: Record<string, string> = {}) => ({
  method: "POST",
  headers: { authorization: `Bearer ${token}`, ...headers },
});

/** The one cookie of an answer: its name, value and attributes. */
function cookieOf(response: Response): { pair: string; name: string; attributes: string[] } {
  const cookies = response.headers.getSetCookie();
  assertEquals(cookies.length, 1);
  const [pair = "", ...attributes] = cookies[0]?.split("; ") ?? [];
  return { pair, name: pair.slice(0, pair.indexOf("=")), attributes: attributes.sort() };
}

Deno.test("G12 POST /api/session keeps the token in a cookie that no script and no other site gets, for its life", async () => {
  const app = await setup();
  const response = await app.request("/api/session", post(await tokenOf(90)));
  assertEquals(response.status, 200);
  const { pair, name, attributes } = cookieOf(response);
  assertEquals([name, attributes], ["chris_session", [
    "HttpOnly",
    "Max-Age=90",
    "Path=/",
    "SameSite=Strict",
  ]]);
  assertEquals(response.headers.get("cache-control"), "no-store");
  assertEquals(await response.json(), {
    subject: "ada",
    scopes: ["jobs:read"],
    expires_at: new Date(NOW + 90_000).toISOString(),
  });
  const asked = await app.request("/api/jobs/j/workflow", { headers: { cookie: pair } });
  assertEquals([asked.status, await asked.text(), asked.headers.get("cache-control")], [
    200,
    "ada",
    "no-store",
  ]);
});

Deno.test("G12 over https the cookie is Secure and of this host alone, and no other cookie counts", async () => {
  const app = await setup();
  const ways: Record<string, string>[] = [
    { "x-forwarded-proto": "https" },
    { "origin": "https://chris.example", "host": "chris.example" },
    { "origin": "https://chris.example", "host": "upstream:8080", "sec-fetch-site": "same-origin" },
  ];
  for (const headers of ways) {
    const { pair, attributes } = cookieOf(
      await app.request("/api/session", post(await tokenOf(90), headers)),
    );
    assert(pair.startsWith("__Host-chris_session="));
    assert(attributes.includes("Secure") && attributes.includes("Path=/"));
    assertEquals(attributes.some((attribute) => attribute.startsWith("Domain")), false);
    const statusWith = async (cookie: string) =>
      (await app.request("/api/jobs/j/workflow", { headers: { ...headers, cookie } })).status;
    assertEquals([await statusWith(pair), await statusWith(pair.slice("__Host-".length))], [200, 401]);
  }
});

Deno.test("G12 AUTH_COOKIE_SECURE decides about the cookie whatever the request says", async () => {
  const names = async (cookieSecurity: CookieSecurity, headers: Record<string, string>) =>
    cookieOf(
      await (await setup({ cookieSecurity })).request("/api/session", post(await tokenOf(90), headers)),
    ).name;
  assertEquals(await names(true, {}), "__Host-chris_session");
  assertEquals(await names(false, { "x-forwarded-proto": "https" }), "chris_session");
  const app = await setup({ cookieSecurity: true });
  const plain = { origin: "http://chris.example", host: "chris.example" };
  const refused = await app.request("/api/session", post(await tokenOf(90), plain));
  assertEquals([refused.status, (await refused.json()).error.code], [400, "insecure_session"]);
  const local = { origin: "http://localhost:8080", host: "localhost:8080" };
  assertEquals((await app.request("/api/session", post(await tokenOf(90), local))).status, 200);
});

Deno.test("G12 only a good token in the Authorization header signs in", async () => {
  const app = await setup();
  const { pair } = cookieOf(await app.request("/api/session", post(await tokenOf(90))));
  const attempts: RequestInit[] = [
    { method: "POST" },
    { method: "POST", headers: { cookie: pair } },
    { method: "POST", headers: { authorization: "Basic YWRhOmFkYQ==" } },
    post(await tokenOf(0)),
    post(`${await tokenOf(90)}x`),
  ];
  for (const attempt of attempts) {
    const response = await app.request(`/api/session?access_token=${await tokenOf(90)}`, attempt);
    assertEquals([response.status, response.headers.getSetCookie()], [401, []]);
    assert(response.headers.get("www-authenticate")?.startsWith("Bearer"));
    await response.body?.cancel();
  }
});

Deno.test("G12 a token that no cookie can hold is refused in words, and one that lives for ever is not", async () => {
  const app = await setup();
  const jobs = Array.from({ length: 500 }, (_, i) => `job-${i}`);
  const refused = await app.request("/api/session", post(await tokenOf(90, { jobs })));
  assertEquals([refused.status, (await refused.json()).error.code], [400, "token_too_large"]);
  assertEquals(refused.headers.getSetCookie(), []);
  const { attributes } = cookieOf(await app.request("/api/session", post(await tokenOf(1e10))));
  assert(attributes.includes("Max-Age=34560000"));
});

Deno.test("G12 DELETE /api/session takes the cookie away, of whichever name", async () => {
  const app = await setup();
  const response = await app.request("/api/session", { method: "DELETE" });
  assertEquals(response.status, 204);
  const cookies = response.headers.getSetCookie();
  assertEquals(cookies.map((cookie) => cookie.split("=")[0]), ["__Host-chris_session", "chris_session"]);
  assert(cookies.every((cookie) => /=; .*Max-Age=0/.test(cookie) && /Path=\//.test(cookie)));
});

Deno.test("G12 keys that cannot be had are the service's fault (503), not the token's", async () => {
  const away = () => Promise.reject(new OutageError("token issuer", "fetch the keys of tokens"));
  const app = await setup({ verifier: { verify: away, ping: away } });
  const asked = post(await tokenOf(90));
  for (
    const response of [
      await app.request("/api/session", asked),
      await app.request("/api/jobs/j/workflow", { headers: asked.headers }),
    ]
  ) {
    assertEquals([response.status, (await response.json()).error.code], [503, "unavailable"]);
    assertEquals(response.headers.get("retry-after"), "2");
  }
});

Deno.test("The OpenAPI document says which routes ask for a token", async () => {
  const app = await setup();
  const document = app.getOpenAPI31Document({ openapi: "3.1.0", info: { title: "x", version: "1" } });
  assertEquals(Object.keys(document.components?.securitySchemes ?? {}), ["bearer", "session"]);
  const session = document.paths?.["/api/session"];
  assertEquals([session?.post?.security, session?.delete?.security], [[{ bearer: [] }], []]);
});
