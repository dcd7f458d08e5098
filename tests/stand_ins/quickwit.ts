/**
 * A Quickwit for tests, in this process: the part of its REST API that the project uses (wire.md §9), with its rules
 * and limits. It refuses what Quickwit would refuse, commits in its own time, and leaves open what Quickwit leaves
 * open (documents that sort equal come in any order).
 *
 * @module
 */
import { z } from "@zod/zod";
import { freePort } from "../../deploy/dev/services/free_port.ts";
import { decode, Index, Refusal } from "./quickwit_index.ts";
import { IndexConfig } from "./quickwit_mapping.ts";

/** Settings of the stand-in. */
export interface QuickwitStandInOptions {
  /** Time from the first document to its regular commit, in milliseconds. @default 10 */
  readonly commitAfterMs?: number;
}

/** What a request asked for and what it got. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly status: number;
}

const MAX_SEARCH_BYTES = 1024 * 1024;

/** One running stand-in; `stop()` and `start()` keep its address and what it has taken. */
export class QuickwitStandIn implements AsyncDisposable {
  readonly requests: SeenRequest[] = [];
  readonly #indexes = new Map<string, Index>();
  readonly #commitAfterMs: number;
  #refusals: number[] = [];
  #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(options: QuickwitStandInOptions = {}) {
    this.#commitAfterMs = options.commitAfterMs ?? 10;
    this.#server = this.#serve(freePort()); // one that nobody takes while it is stopped
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** Answers the next `times` requests with `status` and does nothing else. */
  refuse(times: number, status = 429): void {
    this.#refusals = Array.from({ length: times }, () => status);
  }

  /** Makes all received documents of an index searchable. */
  commit(index: string): void {
    this.#indexes.get(index)?.commit();
  }

  /** How many documents an index has taken, searchable or not. */
  received(index: string): number {
    return this.#indexes.get(index)?.received ?? 0;
  }

  /** Forgets an index and what is in it. */
  drop(index: string): void {
    this.#indexes.get(index)?.commit();
    this.#indexes.delete(index);
  }

  /** Closes the port; what waits for a commit is answered by a cut connection. */
  async stop(): Promise<void> {
    for (const index of this.#indexes.values()) index.commit();
    await this.#server.shutdown();
  }

  /** Listens again. */
  start(): void {
    this.#server = this.#serve(this.#server.addr.port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #serve(port: number): Deno.HttpServer<Deno.NetAddr> {
    return Deno.serve({ hostname: "127.0.0.1", port, onListen() {} }, async (request) => {
      const url = new URL(request.url);
      const body = new Uint8Array(await request.arrayBuffer());
      const answer = await this.#answer(request, url, body).catch((error) => {
        if (error instanceof Refusal) return { status: error.status, json: { message: error.message } };
        throw error;
      });
      const path = url.pathname + url.search;
      this.requests.push({
        method: request.method,
        path,
        body: new TextDecoder().decode(body),
        status: answer.status,
      });
      return Response.json(answer.json, { status: answer.status });
    });
  }

  async #answer(request: Request, url: URL, body: Uint8Array): Promise<{ status: number; json: unknown }> {
    const refusal = this.#refusals.shift();
    if (refusal) throw new Refusal(refusal, "too many requests");
    const [, index = "", verb = ""] = /^\/api\/v1\/([^/]+)(?:\/([^/]+))?$/.exec(url.pathname) ?? [];
    const name = decodeURIComponent(index === "indexes" ? verb : index);
    const route = `${request.method} ${index === "indexes" ? (verb ? "index" : "indexes") : verb}`;
    if (route === "POST indexes") return { status: 200, json: this.#create(request, body) };
    const found = this.#indexes.get(name);
    if (!found) throw new Refusal(404, `index \`${name}\` not found`);
    if (route === "GET index") return { status: 200, json: { index_config: found.config } };
    if (route === "POST ingest") return { status: 200, json: await found.ingest(body, url.searchParams) };
    if (route === "POST search") return { status: 200, json: found.search(parseBody(request, body)) };
    throw new Refusal(405, "method not allowed");
  }

  #create(request: Request, body: Uint8Array): unknown {
    const parsed = IndexConfig.safeParse(parseBody(request, body));
    if (!parsed.success) throw new Refusal(400, `invalid index config: ${z.prettifyError(parsed.error)}`);
    const { index_id } = parsed.data;
    if (this.#indexes.has(index_id)) throw new Refusal(400, `index \`${index_id}\` already exists`);
    this.#indexes.set(index_id, new Index(parsed.data, this.#commitAfterMs));
    return { index_config: parsed.data };
  }
}

function parseBody(request: Request, body: Uint8Array): unknown {
  if (request.headers.get("content-type") !== "application/json") {
    throw new Refusal(415, "unsupported media type");
  }
  if (body.length > MAX_SEARCH_BYTES) throw new Refusal(413, "the request payload is too large");
  try {
    return JSON.parse(decode(body));
  } catch {
    throw new Refusal(400, "the body is not JSON");
  }
}
