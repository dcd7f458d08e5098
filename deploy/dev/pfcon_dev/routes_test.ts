import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { SignJWT } from "jose";
import { openEngine } from "./engine.ts";
import { Routes } from "./routes.ts";
import { Store } from "./store.ts";
import { Tokens } from "./tokens.ts";

const SECRET = "a secret for tests";
const CREDENTIALS = { pfcon_user: "someone", pfcon_password: "pass word" };
const PLUGIN =
  "jid=a-job&auid=x&number_of_workers=1&cpu_limit=1&memory_limit=1&gpu_limit=0&image=i&type=ds&entrypoint=e";

/** Routes with no engine behind them: what needs one answers 500. */
function routesFor(storage: "fslink" | "filesystem" | "s3", here = "/nowhere"): Routes {
  return new Routes({
    engine: openEngine("unix:///nowhere/docker.sock"),
    store: new Store(here, here),
    storage,
    opImage: "",
    opUser: null,
    labels: {},
    removeJobs: true,
    logsTail: 10,
    ignoreLimits: false,
    tokens: new Tokens(SECRET, { user: CREDENTIALS.pfcon_user, password: CREDENTIALS.pfcon_password }),
  });
}

interface Asked {
  readonly method?: string;
  readonly body?: BodyInit;
  readonly type?: string;
  /** Null for none. A valid one by default. */
  readonly auth?: string | null;
  readonly routes?: Routes;
}

async function ask(path: string, asked: Asked = {}) {
  const { method = "GET", body, type, auth, routes = routesFor("filesystem") } = asked;
  const headers = new Headers(type === undefined ? {} : { "content-type": type });
  if (auth !== null) headers.set("authorization", auth ?? `Bearer ${await tokenSignedWith("HS256", SECRET)}`);
  const response = await routes.answer(new Request(`http://pfcon/api/v1${path}`, { method, body, headers }));
  const text = await response.text();
  const isJson = response.headers.get("content-type") === "application/json";
  if (isJson && method !== "HEAD") assert(text.endsWith("\n"));
  return {
    status: response.status,
    headers: response.headers,
    message: isJson && text ? JSON.parse(text).message : text,
  };
}

function tokenSignedWith(alg: string, secret: string, claims = {}): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg, typ: "JWT" }).sign(new TextEncoder().encode(secret));
}

function post(path: string, body: BodyInit, routes?: Routes) {
  const type = typeof body === "string" ? "application/x-www-form-urlencoded" : undefined;
  return ask(path, { method: "POST", body, type, routes });
}

Deno.test("a path without its final slash is redirected before any check", async () => {
  for (const path of ["/pluginjobs", "/copyjobs/x", "/auth-token"]) {
    const { status, headers, message } = await ask(`${path}?a=b`, { auth: null, method: "DELETE" });
    assertEquals([status, headers.get("location")], [308, `/api/v1${path}/?a=b`]);
    assertStringIncludes(message, "<h1>");
  }
});

Deno.test("an unknown path is a 404 page, with or without a token", async () => {
  for (const path of ["/", "/jobs/", "/pluginjobs/a/b/", "/copyjobs/a/file/", "/health/x/", "/nothing"]) {
    const { status, message } = await ask(path, { auth: null });
    assertEquals([path, status], [path, 404]);
    assertStringIncludes(message, "<h1>");
  }
});

Deno.test("a method that a path does not have is refused before the token is looked at", async () => {
  const { status, headers, message } = await ask("/pluginjobs/a/", { auth: null, method: "PUT" });
  assertEquals([status, headers.get("allow")], [405, "DELETE, GET, HEAD, OPTIONS"]);
  assertEquals(typeof message, "string");
  assertEquals((await ask("/auth-token/", { auth: null })).headers.get("allow"), "OPTIONS, POST");
});

Deno.test("HEAD works where GET does, and OPTIONS wants a token where they do", async () => {
  assertEquals(
    await ask("/health/", { method: "HEAD", auth: null }).then(({ status, message }) => [status, message]),
    [
      200,
      "",
    ],
  );
  assertEquals((await ask("/copyjobs/", { method: "OPTIONS", auth: null })).status, 401);
  assertEquals(
    (await ask("/copyjobs/", { method: "OPTIONS" })).headers.get("allow"),
    "GET, HEAD, OPTIONS, POST",
  );
});

Deno.test("login wants the right credentials as JSON", async () => {
  const login = (body: string, type?: string) =>
    ask("/auth-token/", { method: "POST", body, type, auth: null });
  const json = "application/json";
  assertEquals((await login(JSON.stringify(CREDENTIALS), json)).status, 200);
  assertEquals((await login(JSON.stringify(CREDENTIALS), "text/plain")).status, 415);
  assertEquals(
    (await login("pfcon_user=a&pfcon_password=b", "application/x-www-form-urlencoded")).status,
    415,
  );
  assertEquals((await login("{", json)).status, 400);
  assertEquals((await login("[]", json)).status, 400);
  const wrong = await login(JSON.stringify({ ...CREDENTIALS, pfcon_password: "x" }), json);
  assertEquals([wrong.status, typeof wrong.message], [400, "string"]);
  const missing = await login("{}", json);
  assertEquals([missing.status, Object.keys(missing.message)], [400, ["pfcon_user", "pfcon_password"]]);
});

Deno.test("a token lives two days and names the user", async () => {
  const request = new Request("http://pfcon/api/v1/auth-token/?pfcon_user=someone", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ pfcon_password: CREDENTIALS.pfcon_password }),
  });
  const { token } = await (await routesFor("fslink").answer(request)).json();
  const [header, payload] = token.split(".").slice(0, 2).map((part: string) => JSON.parse(atob(part)));
  assertEquals(header, { alg: "HS256", typ: "JWT" });
  assertEquals(Object.keys(payload).sort(), ["exp", "pfcon_user"]);
  assert(Math.abs(payload.exp - Date.now() / 1000 - 172_800) < 60);
  assertEquals((await ask("/copyjobs/", { auth: `Bearer ${token} and more` })).status, 200);
});

Deno.test("each kind of bad token is refused with 401 and its own text", async () => {
  const good = await tokenSignedWith("HS256", SECRET);
  const refused = [
    null,
    `bearer ${good}`,
    `Token ${good}`,
    `Bearer ${await tokenSignedWith("HS256", SECRET, { exp: 1 })}`,
    `Bearer ${await tokenSignedWith("HS256", "another secret")}`,
    `Bearer ${await tokenSignedWith("HS512", SECRET)}`,
    `Bearer ${btoa('{"alg":"none"}')}.${btoa("{}")}.`,
    "Bearer ",
  ];
  const texts = new Set<string>();
  for (const auth of refused) {
    const { status, message } = await ask("/pluginjobs/", { auth });
    assertEquals(status, 401, `${auth}`);
    texts.add(message);
  }
  assertEquals(texts.size, 4);
});

Deno.test("a form with faults is refused with all of them", async () => {
  const faulty = PLUGIN.replace("cpu_limit=1", "cpu_limit=1.5").replace("auid=x&", "").replace(
    "type=ds",
    "type=xs",
  )
    .replace("entrypoint=e", "");
  const { status, message } = await post("/pluginjobs/", faulty);
  assertEquals([status, Object.keys(message).sort()], [400, ["auid", "cpu_limit", "entrypoint", "type"]]);
  const json = await ask("/deletejobs/", {
    method: "POST",
    body: '{"jid":"a-job"}',
    type: "application/json",
  });
  assertEquals([json.status, Object.keys(json.message)], [400, ["jid"]]);
  assertEquals(Object.keys((await post("/copyjobs/", "jid=a-job")).message), ["output_dir"]);
  assertEquals(Object.keys((await post("/uploadjobs/", "jid=a-job")).message), ["job_output_path"]);
});

Deno.test("a plugin's paths and environment are checked before the engine is asked", async () => {
  const faults = [
    ["", "input_dirs"],
    ["&input_dirs=in", "output_dir"],
    ["&input_dirs=in&output_dir=out&env=A", "env"],
    ["&input_dirs=../in&output_dir=out", "leaves the store"],
    ["&input_dirs=in&output_dir=a/../../b", "leaves the store"],
  ];
  for (const [more = "", part = ""] of faults) {
    const { status, message } = await post("/pluginjobs/", PLUGIN + more);
    assertEquals(status, 400);
    assertStringIncludes(message, part);
  }
});

Deno.test("an engine that is away is a 500 with a message", async () => {
  const whole = `${PLUGIN}&input_dirs=in&output_dir=out`;
  for (
    const answer of [
      post("/pluginjobs/", whole),
      ask("/copyjobs/x/"),
      ask("/copyjobs/x/", { method: "DELETE" }),
    ]
  ) {
    const { status, message } = await answer;
    assertEquals(status, 500);
    assertMatch(message, /docker\.sock|ENOENT/);
  }
});

Deno.test("multipart forms are read like urlencoded ones", async () => {
  const form = new FormData();
  for (const [key, value] of new URLSearchParams("jid=a-job&output_dir=out&input_dirs=a&input_dirs=b")) {
    form.append(key, value);
  }
  assertEquals((await post("/copyjobs/", form)).status, 201);
});

Deno.test("the listing of an output directory leaves links out, and for fslink removes .chrislink files", async () => {
  const here = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${here}/out/sub`, { recursive: true });
    for (const name of ["a.txt", "sub/b.txt", "x.chrislink"]) {
      await Deno.writeTextFile(`${here}/out/${name}`, "");
    }
    await Deno.symlink("a.txt", `${here}/out/link.txt`);
    const list = async (storage: "fslink" | "filesystem") => {
      const auth = { authorization: `Bearer ${await tokenSignedWith("HS256", SECRET)}` };
      const url = "http://pfcon/api/v1/pluginjobs/a%22%0Ab/file/?job_output_path=/out/";
      const response = await routesFor(storage, here).answer(new Request(url, { headers: auth }));
      assertEquals(response.headers.get("content-disposition"), "attachment; filename=a__b.json");
      const { job_output_path, rel_file_paths } = await response.json();
      assertEquals(job_output_path, "out");
      return rel_file_paths.sort();
    };
    assertEquals(await list("filesystem"), ["a.txt", "sub/b.txt", "x.chrislink"]);
    assertEquals(await list("fslink"), ["a.txt", "sub/b.txt"]);
    assertEquals(await list("filesystem"), ["a.txt", "sub/b.txt"]);
    const routes = routesFor("fslink", here);
    assertEquals((await ask("/pluginjobs/a/file/", { routes })).status, 400);
    assertEquals((await ask("/pluginjobs/a/file/?job_output_path=no", { routes })).status, 404);
    assertEquals((await ask("/pluginjobs/a/file/?job_output_path=../", { routes })).status, 400);
  } finally {
    await Deno.remove(here, { recursive: true });
  }
});
