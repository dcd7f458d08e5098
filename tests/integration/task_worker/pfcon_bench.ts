/**
 * A pfcon for tests of those who call it: keeps pfcon's rules (see `StrictPfcon`), with containers whose states
 * the test sets and refusals that it wishes.
 *
 * @module
 */
import type { JobStatus, JobType } from "lib/event/status.ts";
import type { PfconClient } from "lib/pfcon/client.ts";
import { json, StrictPfcon } from "lib/testing/strict_pfcon.ts";

/** A request, as `{method} {step} {job id}`. */
export type Call = string;

/** Answers in pfcon's place; `pass` asks pfcon itself. */
export type Interference = (
  call: Call,
  pass: () => Promise<Response>,
) => Promise<Response | undefined> | Response | undefined;

/** The words Docker has for states. */
const WORDS: Record<JobStatus, string> = {
  notStarted: "created",
  started: "running",
  finishedSuccessfully: "exited",
  finishedWithError: "exited",
  undefined: "removing",
};

/** See the module's description. */
export class PfconBench implements AsyncDisposable {
  readonly strict = new StrictPfcon();
  /** Speaks to it through whatever the test interferes with. */
  readonly client: PfconClient = this.strict.client({
    fetch: (input, init) => this.#fetch(String(input), init),
  });
  /** All requests about containers so far. */
  calls: Call[] = [];
  interfere: Interference = () => undefined;
  /** Told of each new container. */
  onMade: (step: JobType, jobId: string) => void = () => {};
  readonly #states = new Map<string, { status: JobStatus; message?: string }>();
  readonly #made = new Set<string>();

  /**
   * Sets the state in which a container is found from now on, in the engine's own word if that is not the usual
   * one; a new one is found `started`.
   */
  setState(step: JobType, jobId: string, status: JobStatus, message?: string): void {
    this.#states.set(`${step} ${jobId}`, { status, message });
  }

  /** Requests of one kind: `countOf("POST")`, `countOf("DELETE plugin")`. */
  countOf(start: string): number {
    return this.calls.filter((call) => call.startsWith(start)).length;
  }

  /** Serves, with the test's interference, to clients in other processes. */
  serve(): AsyncDisposable & { readonly url: string } {
    const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
      const { method, headers } = request;
      const body = method === "POST" ? await request.text() : null;
      return await this.#fetch(`${this.strict.url}${new URL(request.url).pathname}`, {
        method,
        headers,
        body,
      });
    });
    const url = `http://127.0.0.1:${server.addr.port}`;
    return { url, [Symbol.asyncDispose]: () => server.shutdown() };
  }

  /** Forgets all containers and what was asked. */
  async forgetAll(): Promise<void> {
    this.interfere = () => undefined;
    this.onMade = () => {};
    for (const key of this.#made) {
      const [step, jobId = ""] = key.split(" ");
      await this.client.remove(step as JobType, jobId);
    }
    this.#made.clear();
    this.calls = [];
  }

  /** Ends it. @throws {Error} if the client made mistakes that the real pfcon would have let pass. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.strict[Symbol.asyncDispose]();
    if (this.strict.mistakes.length > 0) throw new Error(this.strict.mistakes.join("; "));
  }

  async #fetch(url: string, init: RequestInit = {}): Promise<Response> {
    const [, step, jid] = /\/api\/v1\/(\w+)jobs\/(?:([^/]+)\/)?$/.exec(url) ?? [];
    const jobId = jid === undefined
      ? new URLSearchParams(String(init.body)).get("jid")
      : decodeURIComponent(jid);
    if (!step || !jobId) return await fetch(url, init);
    const call = `${init.method} ${step} ${jobId}`;
    this.calls.push(call);
    const key = `${step} ${jobId}`;
    const pass = () => this.#pass(key, url, init);
    return await this.interfere(call, pass) ?? await pass();
  }

  async #pass(key: string, url: string, init: RequestInit): Promise<Response> {
    const response = await fetch(url, init);
    if (init.method === "DELETE") this.#states.delete(key);
    if (init.method === "POST" && response.ok) {
      this.#made.add(key);
      // As pfcon does: what failed is removed and runs anew, whatever it was (pfcon's contract, §6).
      const known = this.#states.get(key)?.status;
      if (known === undefined || known === "finishedWithError" || known === "undefined") {
        this.#states.set(key, { status: "started" });
        const [step, jobId = ""] = key.split(" ");
        this.onMade(step as JobType, jobId);
      }
    }
    const state = this.#states.get(key);
    if (init.method !== "GET" || !response.ok || !state) return response;
    const { compute } = await response.json();
    const { status, message = WORDS[status] } = state;
    return json(200, { compute: { ...compute, status, message } });
  }
}

/** What pfcon answers to an order that this site does not need. */
export function skipped(call: Call): Response {
  const [, step, jid] = call.split(" ");
  const message = `${step}Skipped`;
  const compute = {
    jid,
    image: "",
    cmd: "",
    status: "finishedSuccessfully",
    message,
    timestamp: "",
    logs: "",
  };
  return json(201, { compute });
}
