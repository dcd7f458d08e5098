/**
 * Liveness and readiness over HTTP, the same for every worker.
 *
 * @module
 */
import { z } from "@zod/zod";

/** Resolves if a dependency answers, rejects with the reason if it does not. */
export type Check = () => Promise<unknown>;

/** What `GET /ready` answers. */
export const Readiness = z.object({
  status: z.enum(["ready", "not ready"]),
  /** By name: `ok`, or what is wrong. */
  dependencies: z.record(z.string(), z.string()),
  /** By name: how long the answer, or the lack of one, was waited for (ms). */
  latency_ms: z.record(z.string(), z.number()),
  /** What else is worth knowing; decides nothing. */
  details: z.record(z.string(), z.unknown()).optional(),
});
/** What `GET /ready` answers. */
export type Readiness = z.infer<typeof Readiness>;

/** What looking at every dependency found. */
export type Dependencies = Pick<Readiness, "dependencies" | "latency_ms"> & { readonly ready: boolean };

/** Longest that one check may take before it counts as failed (ms). */
const CHECK_TIMEOUT_MS = 2_000;

/** What a worker needs to be ready, and the answers to `GET /health` and `GET /ready`. */
export class Health {
  readonly #checks = new Map<string, Dependency>();
  readonly #details = new Map<string, () => unknown>();
  readonly #clock: () => number;
  #asking: Promise<Dependencies> | null = null;
  #stopping = false;

  /** `clock`: one that never jumps (ms). */
  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
  }

  /** Adds a dependency under the name people know it by. */
  add(dependency: string, check: Check): void {
    this.#checks.set(dependency, new Dependency(check, this.#clock));
  }

  /** Adds something to tell at `/ready` that does not decide whether the worker is ready. */
  addDetail(name: string, tell: () => unknown): void {
    this.#details.set(name, tell);
  }

  /** From now on it is not ready, as it takes nothing new: whoever hands out work goes elsewhere. */
  stop(): void {
    this.#stopping = true;
  }

  /** Asks every dependency at once, once for all who want to know. `ready` only if all answered in time. */
  ready(): Promise<Dependencies> {
    return this.#asking ??= this.#askAll().finally(() => this.#asking = null);
  }

  /** Answers `/health` (alive) and `/ready` (one line per dependency, then details; 503 unless all are well). */
  async answer(request: Request): Promise<Response> {
    const pathname = pathOf(request);
    if (pathname === null) {
      return fault(400, "malformed_request", "expected a URL, and a host in the Host header");
    }
    if (pathname === "/health") return Response.json({ status: "ok" });
    if (pathname !== "/ready") return fault(404, "not_found", "unknown path");
    const body = await this.readiness();
    return Response.json(body, { status: body.status === "ready" ? 200 : 503 });
  }

  /** What `/ready` tells. */
  async readiness(): Promise<Readiness> {
    const { ready, dependencies, latency_ms } = await this.ready();
    const told = this.#details.size > 0 ? { details: this.#tellDetails() } : {};
    return {
      status: ready && !this.#stopping ? "ready" : "not ready",
      dependencies: this.#stopping ? { ...dependencies, intake: "stopping" } : dependencies,
      latency_ms,
      ...told,
    };
  }

  async #askAll(): Promise<Dependencies> {
    const asked = await Promise.all(
      [...this.#checks].map(async ([name, dependency]) => [name, await dependency.ask()] as const),
    );
    return {
      ready: asked.every(([, { state }]) => state === "ok"),
      dependencies: Object.fromEntries(asked.map(([name, { state }]) => [name, state])),
      latency_ms: Object.fromEntries(asked.map(([name, { ms }]) => [name, ms])),
    };
  }

  /** A detail that cannot be told says why; the others are told all the same. */
  #tellDetails(): Record<string, unknown> {
    return Object.fromEntries(
      [...this.#details].map(([name, tell]) => {
        try {
          return [name, tell()];
        } catch (error) {
          return [name, reasonOf(error)];
        }
      }),
    );
  }
}

/** The path that a request is for; null if what the server made of its target and Host header is no URL. */
export function pathOf(request: Request): string | null {
  return URL.parse(request.url)?.pathname ?? null;
}

function fault(status: number, code: string, message: string): Response {
  return Response.json({ error: { code, message } }, { status });
}

/** A question without answer for so long is put again, as its connection may be lost for good (ms). */
const ASK_AGAIN_MS = 10_000;

/** One dependency. A question that waits for its answer is not put again: questions must not pile up in an outage. */
class Dependency {
  readonly #check: Check;
  readonly #clock: () => number;
  #pending: { readonly answer: Promise<string>; readonly since: number } | null = null;

  constructor(check: Check, clock: () => number) {
    this.#check = check;
    this.#clock = clock;
  }

  async ask(): Promise<{ state: string; ms: number }> {
    const begun = this.#clock();
    const state = await within(CHECK_TIMEOUT_MS, this.#answer(begun));
    return { state, ms: Math.round((this.#clock() - begun) * 100) / 100 };
  }

  #answer(now: number): Promise<string> {
    if (this.#pending && now - this.#pending.since < ASK_AGAIN_MS) return this.#pending.answer;
    const answer = Promise.resolve().then(this.#check).then(() => "ok", reasonOf);
    const pending = this.#pending = { answer, since: now };
    answer.then(() => {
      if (this.#pending === pending) this.#pending = null;
    });
    return answer;
  }
}

async function within(ms: number, answer: Promise<string>): Promise<string> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer within ${ms} ms`), ms);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
