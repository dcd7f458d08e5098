/**
 * Liveness and readiness over HTTP, the same for every worker.
 *
 * @module
 */

/** Resolves if a dependency answers, rejects with the reason if it does not. */
export type Check = () => Promise<unknown>;

/** Longest that one check may take before it counts as failed (ms). */
const CHECK_TIMEOUT_MS = 2_000;

/** What a worker needs to be ready, and the answers to `GET /health` and `GET /ready`. */
export class Health {
  readonly #checks = new Map<string, Check>();
  readonly #details = new Map<string, () => unknown>();

  /** Adds a dependency under the name people know it by. */
  add(dependency: string, check: Check): void {
    this.#checks.set(dependency, check);
  }

  /** Adds something to tell at `/ready` that does not decide whether the worker is ready. */
  addDetail(name: string, tell: () => unknown): void {
    this.#details.set(name, tell);
  }

  /** Asks every dependency at once. `ready` only if all answered in time. */
  async ready(): Promise<{ ready: boolean; dependencies: Record<string, string> }> {
    const lines = await Promise.all([...this.#checks].map(async ([name, check]) => {
      return [
        name,
        await withTimeout(check).then(() => "ok", (error) => String(error?.message ?? error)),
      ] as const;
    }));
    return { ready: lines.every(([, state]) => state === "ok"), dependencies: Object.fromEntries(lines) };
  }

  /** Answers `/health` (alive) and `/ready` (one line per dependency, then details; 503 unless all are well). */
  async answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/health") return Response.json({ status: "ok" });
    if (pathname !== "/ready") {
      return Response.json({ error: { code: "not_found", message: "unknown path" } }, { status: 404 });
    }
    const { ready, dependencies } = await this.ready();
    const status = ready ? "ready" : "not ready";
    const details = Object.fromEntries([...this.#details].map(([name, tell]) => [name, tell()]));
    const told = this.#details.size > 0 ? { details } : {};
    return Response.json({ status, dependencies, ...told }, { status: ready ? 200 : 503 });
  }
}

async function withTimeout(check: Check): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${CHECK_TIMEOUT_MS} ms`)), CHECK_TIMEOUT_MS);
  });
  try {
    await Promise.race([check(), late]);
  } finally {
    clearTimeout(timer);
  }
}
