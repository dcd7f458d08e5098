/**
 * pfcon's paths: which there are, who may use them, and what they answer.
 *
 * @module
 */
import { FIELDS, readForm } from "./form.ts";
import { HttpError } from "./http_error.ts";
import { type Step, STEPS } from "./job_containers.ts";
import { Jobs, type JobsOptions } from "./jobs.ts";
import { outputListing } from "./output_listing.ts";
import type { Tokens } from "./tokens.ts";

/** One path with what it can do. */
interface Route {
  readonly open: boolean;
  readonly actions: Partial<Record<string, (request: Request) => Promise<Response>>>;
}

/** All of the service but its server: a request in, an answer out. */
export class Routes {
  readonly #jobs: Jobs;

  constructor(readonly options: JobsOptions & { readonly tokens: Tokens }) {
    this.#jobs = new Jobs(options);
  }

  /** Answers a request. @throws whatever is a fault of this program. */
  async answer(request: Request): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    const route = this.#route(pathname);
    if (!route) {
      if (!pathname.endsWith("/") && this.#route(`${pathname}/`)) return redirect(`${pathname}/${search}`);
      return html(404, "Not Found");
    }
    const method = request.method === "HEAD" ? "GET" : request.method;
    const allowed = [...Object.keys(route.actions), ...(route.actions.GET ? ["HEAD"] : []), "OPTIONS"].sort();
    const action = method === "OPTIONS" ? () => Promise.resolve(new Response(null)) : route.actions[method];
    try {
      if (!action) throw new HttpError(405, "this path does not do that");
      if (!route.open) await this.options.tokens.check(request);
      const response = await action(request);
      if (method === "OPTIONS") response.headers.set("allow", allowed.join(", "));
      return request.method === "HEAD" ? new Response(null, response) : response;
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      const response = json(error.status, { message: error.detail });
      if (error.status === 405) response.headers.set("allow", allowed.join(", "));
      return response;
    }
  }

  #route(pathname: string): Route | null {
    const [, api, version, name = "", ...rest] = pathname.split("/");
    if (api !== "api" || version !== "v1" || rest.pop() !== "") return null;
    if (rest.length === 0 && name === "health") {
      return { open: true, actions: { GET: () => Promise.resolve(json(200, { health: "OK" })) } };
    }
    if (rest.length === 0 && name === "auth-token") {
      const login = async (request: Request) =>
        json(200, { token: await this.options.tokens.login(request) });
      return { open: true, actions: { POST: login } };
    }
    const step = STEPS.find((step) => name === `${step}jobs`);
    if (!step) return null;
    if (rest.length === 0) return this.#collection(step);
    const jid = decoded(rest[0] ?? "");
    if (!jid) return null;
    if (rest.length === 1) return this.#job(step, jid);
    return rest.length === 2 && rest[1] === "file" && step === "plugin" ? this.#file(jid) : null;
  }

  #collection(step: Step): Route {
    return {
      open: false,
      actions: {
        GET: () => Promise.resolve(json(200, this.#serverInfo())),
        POST: async (request) =>
          json(201, await this.#jobs.schedule(step, await readForm(request, FIELDS[step]))),
      },
    };
  }

  #job(step: Step, jid: string): Route {
    return {
      open: false,
      actions: {
        GET: async () => json(200, { compute: await this.#jobs.get(step, jid) }),
        DELETE: async () => {
          await this.#jobs.remove(step, jid);
          return new Response(null, { status: 204 });
        },
      },
    };
  }

  #file(jid: string): Route {
    const GET = async (request: Request) => {
      const path = new URL(request.url).searchParams.get("job_output_path");
      const response = json(200, await outputListing(this.options, jid, path));
      response.headers.set(
        "content-disposition",
        `attachment; filename=${jid.replace(/[^\w.-]/g, "_")}.json`,
      );
      response.headers.set("cache-control", "no-cache");
      return response;
    };
    return { open: false, actions: { GET } };
  }

  #serverInfo(): Record<string, unknown> {
    const { storage } = this.options;
    return {
      server_version: "0.0.0+dev",
      pfcon_innetwork: true,
      storage_env: storage,
      requires_copy_job: storage !== "filesystem",
      requires_upload_job: storage === "s3",
      container_env: "docker",
      compute_volume_type: "host",
    };
  }
}

function decoded(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}

/** An answer with JSON, ended by a newline. */
export function json(status: number, body: unknown): Response {
  return new Response(`${JSON.stringify(body)}\n`, {
    status,
    headers: { "content-type": "application/json" },
  });
}

function html(status: number, title: string): Response {
  const body = `<!doctype html>\n<title>${status} ${title}</title>\n<h1>${title}</h1>\n`;
  return new Response(body, { status, headers: { "content-type": "text/html; charset=utf-8" } });
}

function redirect(location: string): Response {
  const response = html(308, "Permanent Redirect");
  response.headers.set("location", location);
  return response;
}
