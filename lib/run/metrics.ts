/**
 * A process's figures, as Prometheus reads them: counted where things happen, read when somebody asks.
 *
 * @module
 */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { sleep } from "./sleep.ts";

/** Brings gauges up to date that must be asked for. A fault leaves them as they are. */
export type Look = () => Promise<void>;

/** How figures are read. */
export interface MetricsOptions {
  /** However many ask: looks are not taken again within this time (ms). @default 1_000 */
  readonly freshMs?: number;
  /** What a look brings later than this is not waited for (ms). @default 2_500 */
  readonly patienceMs?: number;
  /** A clock that never jumps (ms). @default performance.now */
  readonly clock?: () => number;
}

/** A figure as a list shows it. */
export interface MetricName {
  readonly name: string;
  readonly help: string;
  readonly type: string;
}

/** The figures of one process: made once, told to any number of readers, none of them global. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #options: Required<MetricsOptions>;
  readonly #looks: { readonly look: Look; pending: Promise<void> | null }[] = [];
  #looking: Promise<void> | null = null;
  #lookedAt = -Infinity;

  constructor(options: MetricsOptions = {}) {
    const { freshMs = 1_000, patienceMs = 2_500, clock = () => performance.now() } = options;
    this.#options = { freshMs, patienceMs, clock };
  }

  /** A count that only grows; `name` ends in `_total`. */
  counter<Label extends string = never>(name: string, help: string, labels: readonly Label[] = []) {
    return new Counter<Label>({ name, help, labelNames: labels, registers: [this.#registry] });
  }

  /** A figure that goes up and down. */
  gauge<Label extends string = never>(name: string, help: string, labels: readonly Label[] = []) {
    return new Gauge<Label>({ name, help, labelNames: labels, registers: [this.#registry] });
  }

  /** How often a figure fell below each of `buckets`, in the unit that `name` ends with. */
  histogram<Label extends string = never>(
    name: string,
    help: string,
    { labels = [], buckets }: { labels?: readonly Label[]; buckets: readonly number[] },
  ) {
    return new Histogram<Label>({
      name,
      help,
      labelNames: labels,
      buckets: [...buckets],
      registers: [this.#registry],
    });
  }

  /** Has `look` taken whenever somebody asks, though not more often than figures grow old. */
  onRead(look: Look): void {
    this.#looks.push({ look, pending: null });
  }

  /** What there is, for checks of whatever names it. */
  names(): MetricName[] {
    return this.#registry.getMetricsAsArray().map(({ name, help, type }) => ({
      name,
      help,
      type: String(type),
    }));
  }

  /** All figures in Prometheus's text format, or as OpenMetrics where `accept` asks for that. Never rejects. */
  async answer(accept: string | null): Promise<Response> {
    await this.#refresh();
    const text = await this.#registry.metrics();
    const [body, type] = wantsOpenMetrics(accept)
      ? [openMetricsOf(text), Registry.OPENMETRICS_CONTENT_TYPE]
      : [text, this.#registry.contentType];
    return new Response(body, { headers: { "content-type": type, "cache-control": "no-store" } });
  }

  /** One look for all who ask at the same time, and for those who ask soon after. */
  async #refresh(): Promise<void> {
    const { freshMs, clock } = this.#options;
    if (this.#looking === null && clock() - this.#lookedAt >= freshMs) {
      this.#looking = this.#lookAtAll().finally(() => {
        this.#looking = null;
        this.#lookedAt = clock();
      });
    }
    await this.#looking;
  }

  async #lookAtAll(): Promise<void> {
    const answered = new AbortController();
    const all = Promise.all(this.#looks.map((known) => {
      // One that still waits for its answer is not asked again: questions must not pile up in an outage.
      known.pending ??= Promise.resolve().then(known.look).catch(() => {}).finally(() =>
        known.pending = null
      );
      return known.pending;
    }));
    await Promise.race([all, sleep(this.#options.patienceMs, answered.signal)]);
    answered.abort();
  }
}

/** Bounds (s) for what takes from a millisecond to minutes. */
export const SECONDS_BUCKETS = [0.001, 0.005, 0.02, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300] as const;

/** Whether a reader would rather have Prometheus's text than JSON; browsers and curl have no wish. Pure. */
export function wantsText(accept: string | null): boolean {
  const [text, json] = [Math.max(wish(accept, TEXT), wish(accept, OPEN_METRICS)), wish(accept, JSON_TYPE)];
  return text > 0 && text > json;
}

const TEXT = "text/plain";
const OPEN_METRICS = "application/openmetrics-text";
const JSON_TYPE = "application/json";

/**
 * Prometheus's text as OpenMetrics has it: a counter is called there by its name without `_total`. A registry of
 * prom-client's own for that form would take the ending away from counters in every other answer, too. Pure.
 */
function openMetricsOf(text: string): string {
  const blocks = text.trimEnd().split("\n\n").map((block) =>
    /^# TYPE \S+ counter$/m.test(block) ? block.replace(/^(# (?:HELP|TYPE) \S+)_total /gm, "$1 ") : block
  );
  return `${blocks.join("\n")}\n# EOF\n`;
}

function wantsOpenMetrics(accept: string | null): boolean {
  const open = wish(accept, OPEN_METRICS);
  return open > 0 && open >= wish(accept, TEXT);
}

/** How much a reader wishes for a type that it names (0 to 1); 0 if it does not name it. */
function wish(accept: string | null, type: string): number {
  const wishes = (accept ?? "").toLowerCase().split(",").map((range) =>
    range.split(";").map((part) => part.trim())
  )
    .filter(([name]) => name === type)
    .map((parts) => Number(parts.find((part) => part.startsWith("q="))?.slice(2) ?? 1));
  return Math.max(0, ...wishes.map((q) => q >= 0 && q <= 1 ? q : 0));
}
