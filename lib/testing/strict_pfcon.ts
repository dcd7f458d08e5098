/**
 * A pfcon for unit tests: keeps the rules of its contract in memory, starts nothing, and remembers what
 * was asked. Where the real one would silently ignore a mistake of the client, this one notes it.
 *
 * @module
 */
import { PfconClient, type PfconClientOptions } from "../pfcon/client.ts";
import type { PfconJob } from "../pfcon/job_form.ts";

/** One request as it came in. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly form: URLSearchParams;
}

const FIELDS: Record<string, { required: string[]; optional: string[]; repeatable: string[] }> = {
  pluginjobs: {
    required: ["jid", "auid", "number_of_workers", "cpu_limit", "memory_limit", "gpu_limit", "image", "type"],
    optional: ["output_dir"],
    repeatable: ["entrypoint", "args", "args_path_flags", "env", "input_dirs"],
  },
  copyjobs: {
    required: ["jid", "output_dir"],
    optional: ["cpu_limit", "memory_limit"],
    repeatable: ["input_dirs"],
  },
  uploadjobs: {
    required: ["jid", "job_output_path"],
    optional: ["cpu_limit", "memory_limit"],
    repeatable: [],
  },
  deletejobs: { required: ["jid"], optional: ["cpu_limit", "memory_limit"], repeatable: [] },
};

/** Serves on a free port until disposed. */
export class StrictPfcon implements AsyncDisposable {
  /** Credentials it accepts. */
  readonly user = "someone";
  readonly password = "pass word";
  /** Requests with a token that reached a collection, oldest first. */
  readonly seen: Seen[] = [];
  /** What the client did that the real pfcon would let pass without doing what was meant. */
  readonly mistakes: string[] = [];
  /** Logins that succeeded. */
  logins = 0;
  /** Lifetime of tokens given out, in seconds. */
  tokenSeconds = 172_800;
  /** Answers in place of the contract, if it returns something. Told of every request. */
  instead: (request: Request) => Response | Promise<Response> | undefined = () => undefined;
  /** Milliseconds since 1970. */
  nowMs = 1_700_000_000_000;

  readonly #jobs = new Map<string, Record<string, string>>();
  readonly #tokens = new Map<string, number>();
  readonly #server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    (request) => this.#answer(request),
  );

  /** Base address. */
  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** A client with the right credentials and this server's clock. */
  client(options: Partial<PfconClientOptions> = {}): PfconClient {
    const { url, user, password } = this;
    return new PfconClient({ url, user, password, now: () => this.nowMs, ...options });
  }

  /** Makes every token given out so far invalid. */
  revokeTokens(): void {
    this.#tokens.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const other = await this.instead(request);
    if (other) return other;
    if (!pathname.endsWith("/")) return Response.redirect(`${this.url}${pathname}/`, 308);
    if (pathname === "/api/v1/health/") return json(200, { health: "OK" });
    if (pathname === "/api/v1/auth-token/") return await this.#login(request);
    const [, api, version, collection = "", jid, rest] = pathname.split("/").map(decodeURIComponent);
    if (`${api}/${version}` !== "api/v1" || !(collection in FIELDS) || rest) return page(404, "Not Found");
    const refusal = this.#refusal(request);
    if (refusal) return json(401, { message: refusal });
    const form = new URLSearchParams(isForm(request) ? await request.text() : "");
    this.seen.push({ method: request.method, path: pathname, form });
    if (request.method === "POST" && !jid) return this.#schedule(collection, form);
    if (request.method === "GET" && !jid) return json(200, SERVER_INFO);
    if (request.method === "GET") return this.#found(`${collection}/${jid}`);
    if (request.method !== "DELETE" || !jid) return json(405, { message: "not allowed" });
    this.#jobs.delete(`${collection}/${jid}`);
    return new Response(null, { status: 204 });
  }

  async #login(request: Request): Promise<Response> {
    if (request.headers.get("content-type") !== "application/json") {
      return json(415, { message: "JSON is wanted" });
    }
    const { pfcon_user, pfcon_password } = await request.json();
    if (pfcon_user !== this.user || pfcon_password !== this.password) {
      return json(400, { message: "who are you?" });
    }
    const exp = Math.floor(this.nowMs / 1000) + this.tokenSeconds;
    const token = `h.${btoa(JSON.stringify({ pfcon_user, exp, n: ++this.logins }))}.s`;
    this.#tokens.set(token, exp * 1000);
    return json(200, { token });
  }

  #refusal(request: Request): string | null {
    const header = request.headers.get("authorization");
    if (!header?.startsWith("Bearer ")) return "no token";
    const endMs = this.#tokens.get(header.slice("Bearer ".length));
    return endMs === undefined ? "token is invalid" : endMs <= this.nowMs ? "token has expired" : null;
  }

  #schedule(collection: string, form: URLSearchParams): Response {
    const { required = [], optional = [], repeatable = [] } = FIELDS[collection] ?? {};
    for (const key of new Set(form.keys())) {
      const single = required.includes(key) || optional.includes(key);
      if (!single && !repeatable.includes(key)) this.mistakes.push(`${collection} has no field ${key}`);
      if (single && form.getAll(key).length > 1) this.mistakes.push(`${collection} takes one ${key}`);
    }
    const needed = collection === "pluginjobs" ? [...required, "entrypoint"] : required;
    const faults: Record<string, string> = {};
    for (const key of needed.filter((key) => !form.has(key))) faults[key] = "is missing";
    for (const key of ["number_of_workers", "cpu_limit", "memory_limit", "gpu_limit"]) {
      if (form.has(key) && !/^-?\d+$/.test(form.get(key) ?? "")) faults[key] = "is no whole number";
    }
    if (Object.keys(faults).length > 0) return json(400, { message: faults });
    if (form.get("number_of_workers") === "2") return json(400, { message: "one worker only" });
    const jid = form.get("jid") ?? "";
    const job = this.#jobs.get(`${collection}/${jid}`) ?? computeOf(jid, form);
    this.#jobs.set(`${collection}/${jid}`, job);
    return json(201, collection === "pluginjobs" ? { data: {}, compute: job } : { compute: job });
  }

  #found(key: string): Response {
    const job = this.#jobs.get(key);
    return job ? json(200, { compute: job }) : json(404, { message: "no such container" });
  }
}

/** A job whose values need care on the way. */
export const exampleJob: PfconJob = {
  job_id: "trial-1",
  image: "example/tool:1",
  entrypoint: ["sh", "-c"],
  type: "ds",
  args: ["--name", "a,b & c=d", ""],
  input_dirs: ["home/foo/in", "home/foo/more"],
  output_dir: "home/foo/out",
  cpu_limit: 500,
  memory_limit: 64,
  gpu_limit: 0,
  number_of_workers: 1,
  env: ["A=1=2", "B=ü"],
  auid: "cube",
};

const SERVER_INFO = {
  server_version: "0.0.0+unknown",
  pfcon_innetwork: true,
  storage_env: "fslink",
  requires_copy_job: true,
  requires_upload_job: false,
  container_env: "docker",
  compute_volume_type: "host",
};

function computeOf(jid: string, form: URLSearchParams): Record<string, string> {
  const never = "0001-01-01T00:00:00Z";
  const cmd = form.getAll("entrypoint").join(" ");
  const image = form.get("image") ?? "pfcon/op:1";
  return { jid, image, cmd, status: "notStarted", message: "created", timestamp: never, logs: "" };
}

function isForm(request: Request): boolean {
  return request.headers.get("content-type")?.startsWith("application/x-www-form-urlencoded") ?? false;
}

/** An answer as pfcon makes it. */
export function json(status: number, body: unknown): Response {
  return new Response(`${JSON.stringify(body)}\n`, {
    status,
    headers: { "content-type": "application/json" },
  });
}

/** An answer as something else makes it. */
export function page(status: number, text: string): Response {
  return new Response(`<h1>${text}</h1>`, { status, headers: { "content-type": "text/html" } });
}
