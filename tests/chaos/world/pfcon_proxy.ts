/**
 * What stands between the task workers and pfcon: it writes every call down, and answers badly on command.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { sleep } from "lib/run/sleep.ts";
import type { Random } from "../random.ts";
import type { PfconCall } from "../world.ts";

/**
 * A way of answering badly. `refuse`: this status, and pfcon never hears of the call; `fail-after`: pfcon does as
 * asked, but the answer is 500; `silent`: no answer, pfcon never hears of it; `lose`: pfcon does as asked, then
 * the connection breaks; `lose-silently`: the same, but without a word; `slow`: pfcon does as asked, the answer
 * takes its time.
 */
export type Trouble =
  | { readonly kind: "refuse"; readonly status: 409 | 500 }
  | { readonly kind: "fail-after" | "silent" | "lose" | "lose-silently" }
  | { readonly kind: "slow"; readonly ms: number };

/** Which calls get into trouble. */
export interface TroublePlan {
  readonly troubles: readonly Trouble[];
  /** How likely it is for a call. */
  readonly share: number;
  /** @default all */
  readonly methods?: readonly string[];
}

/** How long a call is left without an answer at most (ms): longer than every limit of the workers. */
const SILENCE_MS = 60_000;

/** An answer; null: none, the connection is cut. */
type Answer = { readonly status: number; readonly type: string; readonly body: Uint8Array } | null;

/** See the module's description. */
export class PfconProxy implements AsyncDisposable {
  readonly calls: PfconCall[] = [];
  /** Asked before a DELETE is passed on. */
  readonly looks: ((containerName: string) => Promise<void>)[] = [];
  readonly #target: string;
  readonly #random: Random;
  readonly #server: Server;
  readonly #looked = new Map<string, Promise<void>>();
  readonly #closing = new AbortController();
  #plan: TroublePlan | null = null;

  private constructor(target: string, random: Random) {
    this.#target = target;
    this.#random = random;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  /** Starts it on a free port of 127.0.0.1. `target` is pfcon's own address. */
  static async start(target: string, random: Random): Promise<PfconProxy> {
    const proxy = new PfconProxy(target, random);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address ? address.port : 0;
  }

  /** From now on so; null: all is well. */
  trouble(plan: TroublePlan | null): void {
    this.#plan = plan;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#server.closeAllConnections();
    await Promise.race([new Promise((resolve) => this.#server.close(resolve)), sleep(2_000)]);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    request.on("error", () => gone.abort());
    response.on("error", () => gone.abort());
    try {
      const answer = await this.#answer(request, AbortSignal.any([gone.signal, this.#closing.signal]));
      if (answer === null) {
        response.socket?.destroy();
        return;
      }
      const body = answer.status === 204
        ? {}
        : { "content-type": answer.type, "content-length": answer.body.length };
      response.writeHead(answer.status, body);
      response.end(answer.body);
    } catch { // the caller went away in the middle of its call
      response.socket?.destroy();
    }
  }

  async #answer(request: IncomingMessage, gone: AbortSignal): Promise<Answer> {
    const { method = "GET", url = "/" } = request;
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const about = described({ method, url: `${this.#target}${url}` }, body);
    const trouble = this.#troubleFor(method);
    if (method === "DELETE" && about.jobId && about.jobType) {
      await this.#look(containerName(about.jobId, about.jobType));
    }
    if (gone.aborted) return null; // who has gone does not want it any more
    // What is ordered now may become a new container of the same name.
    if (method === "POST" && about.jobId && about.jobType) {
      this.#looked.delete(containerName(about.jobId, about.jobType));
    }
    const call = { ...about, at: Date.now(), status: null as number | null };
    this.calls.push(call);
    // What pfcon never hears of removes nothing: next time there may be more to be seen.
    if (
      method === "DELETE" && about.jobId && about.jobType &&
      ["refuse", "silent"].includes(trouble?.kind ?? "")
    ) {
      this.#looked.delete(containerName(about.jobId, about.jobType));
    }
    if (trouble?.kind === "refuse") return troubled(trouble.status);
    if (trouble?.kind === "silent") return await silence(gone);
    const answer = await this.#ask(request, body).catch(() => null);
    call.status = answer?.status ?? null;
    if (trouble?.kind === "fail-after") return troubled(500);
    if (trouble?.kind === "lose") return null;
    if (trouble?.kind === "lose-silently") return await silence(gone);
    if (trouble?.kind === "slow") await sleep(trouble.ms, gone);
    return answer;
  }

  /** What pfcon says. */
  async #ask({ method, url, headers }: IncomingMessage, body: Buffer<ArrayBuffer>): Promise<Answer> {
    const passed = ["authorization", "content-type", "accept"].flatMap((name): [string, string][] => {
      const value = headers[name];
      return typeof value === "string" ? [[name, value]] : [];
    });
    const answer = await fetch(`${this.#target}${url}`, {
      method,
      headers: passed,
      body: body.length > 0 ? body : undefined,
      redirect: "manual",
    });
    const type = answer.headers.get("content-type") ?? "application/json";
    return { status: answer.status, type, body: new Uint8Array(await answer.arrayBuffer()) };
  }

  #troubleFor(method: string): Trouble | null {
    const plan = this.#plan;
    if (!plan || plan.troubles.length === 0) return null;
    if (plan.methods && !plan.methods.includes(method)) return null;
    return this.#random.chance(plan.share) ? this.#random.pick(plan.troubles) : null;
  }

  /** Looks at a container before its end; a repeated call finds that it was looked at. */
  #look(name: string): Promise<void> {
    const looked = this.#looked.get(name) ?? Promise.all(this.looks.map((look) => look(name))).then(() => {});
    this.#looked.set(name, looked);
    return looked.catch((error) => console.error(`Cannot look at ${name} before its removal:`, error));
  }
}

/** No answer until the caller has given up. */
async function silence(gone: AbortSignal): Promise<null> {
  await sleep(SILENCE_MS, gone);
  return null;
}

/** Name of a step's container (wire.md §7). */
export function containerName(jobId: string, jobType: string): string {
  return jobType === "plugin" ? jobId : `${jobId}-${jobType}`;
}

/** What a call is about; job id and type are null where it names none. Pure. */
export function described(
  { method, url }: { readonly method: string; readonly url: string },
  body: Uint8Array,
): Pick<PfconCall, "method" | "path" | "jobId" | "jobType"> {
  const path = new URL(url).pathname;
  const [, step, rest] = /^\/api\/v1\/(copy|plugin|upload|delete)jobs\/(?:([^/]+)\/)?/.exec(path) ?? [];
  if (!step) return { method, path, jobId: null, jobType: null };
  const named = rest
    ? decodeURIComponent(rest)
    : new URLSearchParams(new TextDecoder().decode(body)).get("jid");
  return { method, path, jobId: named, jobType: named ? step : null };
}

function troubled(status: 409 | 500): Answer {
  const message = status === 409 ? "this cannot be done now" : "Internal Server Error";
  return { status, type: "application/json", body: new TextEncoder().encode(JSON.stringify({ message })) };
}
