/**
 * Writes events to one client that reads history, no faster than it takes them.
 *
 * @module
 */
import { type OpenSpan, openSpan } from "lib/run/trace.ts";
import type { SseMetrics } from "../operations/sse_metrics.ts";
import type { ClientStream } from "./client_stream.ts";
import type { Entry } from "./entry.ts";
import { asBytes, sseEvent } from "./event_stream.ts";
import type { Kind } from "./position.ts";
import type { Progress } from "./progress.ts";

/** Longest text in one chunk (characters), but for one event more. */
const CHUNK = 65_536;
/** Why lines are missing, as far as anybody can tell. */
const LOST =
  "neither the stream nor the log store has these lines: they were lost, or are among the dead letters";

/** See the module's description. */
export class EventWriter {
  readonly #out: ClientStream;
  readonly #for: { readonly jobId: string; readonly kinds: ReadonlySet<Kind> };
  readonly #metrics: SseMetrics | undefined;
  /** Events in the text that is sent next, and the spans of those that are traced. */
  #events = 0;
  readonly #spans: (OpenSpan | null)[] = [];

  constructor(
    out: ClientStream,
    request: { readonly jobId: string; readonly kinds: ReadonlySet<Kind> },
    metrics?: SseMetrics,
  ) {
    this.#out = out;
    this.#for = request;
    this.#metrics = metrics;
  }

  /**
   * Writes what is news to the client and of the kinds that it wants. What is missing is told, or, if the entries came
   * live, to be looked for in history: then false.
   */
  async entries(
    progress: Progress,
    entries: readonly Entry[],
    from: "store" | "stream" | "live",
  ): Promise<boolean> {
    const { kinds } = this.#for;
    let text = "";
    let passed = 0;
    for (const entry of entries) {
      const found = progress.look(entry, from === "store" ? "store" : "stream");
      const wanted = kinds.has(entry.kind);
      if (typeof found === "object" && wanted) {
        if (from === "live") break;
        const data = JSON.stringify({ ...found, job_type: entry.jobType, reason: LOST });
        text += sseEvent("gap", progress.id(kinds), data);
      }
      progress.pass(entry, found !== "old");
      passed++;
      if (found !== "old" && wanted) {
        text += sseEvent(entry.kind, progress.id(kinds), entry.data);
        this.#count(entry);
      }
      if (text.length < CHUNK) continue;
      await this.text(text);
      text = "";
      if (this.#out.closed) return true;
    }
    if (text !== "") await this.text(text);
    return passed === entries.length;
  }

  /** Writes text of its own. */
  async text(text: string): Promise<void> {
    await this.#out.ready();
    const chunk = asBytes(text);
    this.#out.send(chunk);
    this.#metrics?.sent(this.#events, chunk.byteLength);
    this.#events = 0;
    for (const span of this.#spans.splice(0)) span?.end({ job_id: this.#for.jobId });
  }

  #count({ kind, traceparent: parent }: Entry): void {
    this.#events++;
    if (parent) this.#spans.push(openSpan("send event", { parent, attributes: { kind } }));
  }
}
