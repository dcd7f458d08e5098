import type { CallOptions } from "./call_options.ts";
import type { ExchangeRequest, HttpExchange } from "./http_exchange.ts";
import type {
  DiscardResult,
  Letter,
  LetterKind,
  LetterList,
  LetterListQuery,
  ListedLetter,
  RequeueRequest,
  RequeueResult,
} from "./letters.ts";

/** Longest wait for letters that go back: there may be very many (ms). */
const REQUEUE_TIMEOUT_MS = 300_000;

/** The routes about dead letters, of one stream each. Methods throw as those of `ChrisClient` do. */
export class DeadLettersClient {
  readonly #exchange: HttpExchange;
  readonly #timeoutMs: number;

  constructor(exchange: HttpExchange, timeoutMs: number) {
    this.#exchange = exchange;
    this.#timeoutMs = timeoutMs;
  }

  /** A page of letters, oldest first. */
  list(kind: LetterKind, { signal, ...query }: CallOptions & LetterListQuery = {}): Promise<LetterList> {
    return this.#json({ attempt: "list dead letters", path: ["api", "dlq", kind], query, signal });
  }

  /** All letters, page by page as they are asked for. */
  async *all(kind: LetterKind, query: CallOptions & LetterListQuery = {}): AsyncGenerator<ListedLetter> {
    for (let after = query.after;;) {
      const page = await this.list(kind, { ...query, after });
      yield* page.letters;
      if (page.next === null) return;
      after = page.next;
    }
  }

  /** A letter with its original bytes. */
  get(kind: LetterKind, id: string, { signal }: CallOptions = {}): Promise<Letter> {
    return this.#json({ attempt: `show letter ${id}`, path: ["api", "dlq", kind, id], signal });
  }

  /** Puts letters back into the streams they came from: each once, those of a job in order. */
  requeue(kind: LetterKind, { signal, ...body }: CallOptions & RequeueRequest): Promise<RequeueResult> {
    return this.#json({
      attempt: "put letters back",
      method: "POST",
      path: ["api", "dlq", kind, "requeue"],
      body,
      signal,
      timeoutMs: Math.max(this.#timeoutMs, REQUEUE_TIMEOUT_MS),
    });
  }

  /** Throws a letter away for good; the answer is the only copy of it. */
  discard(
    kind: LetterKind,
    id: string,
    { dryRun, signal }: CallOptions & { dryRun?: boolean } = {},
  ): Promise<DiscardResult> {
    return this.#json({
      attempt: `throw letter ${id} away`,
      method: "DELETE",
      path: ["api", "dlq", kind, id],
      query: { dry_run: dryRun || undefined },
      signal,
    });
  }

  #json<T>(request: ExchangeRequest): Promise<T> {
    return this.#exchange.json<T>({ timeoutMs: this.#timeoutMs, ...request });
  }
}
