/**
 * Traces, through Deno's own OpenTelemetry support: `OTEL_DENO=true` turns it on, and its own variables
 * (`OTEL_EXPORTER_OTLP_ENDPOINT`, …) say where spans go. Switched off, nothing here does anything.
 *
 * A trace goes on from process to process by W3C's `traceparent`: a field of the stream entry, of the task, of the
 * outbox row. Whoever finds one that is not of its form passes it over.
 *
 * @module
 */
import {
  type Attributes,
  type Context,
  context,
  createContextKey,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";

/** Whether this process traces; it does not change while it runs. */
export const TRACING: boolean = isContextKept();

/** A piece of work in a trace. */
export interface SpanOptions {
  /** `traceparent` of what led to it; null or not set: whatever is under way here, else a new trace begins. */
  readonly parent?: string | null | undefined;
  /** Others that led to it. */
  readonly links?: readonly string[];
  readonly attributes?: Attributes;
  /** When it began (ms since 1970), if before now. */
  readonly startedAt?: number;
}

/** A span that was begun. One that is never ended is never told. */
export interface OpenSpan {
  /** What carries the trace on. */
  readonly traceparent: string;
  end(attributes?: Attributes): void;
}

/** Does `work` as a span, which its own spans and `fetch`es belong to. Not tracing, it just does `work`. */
export async function traced<T>(name: string, options: SpanOptions, work: () => Promise<T>): Promise<T> {
  if (!TRACING) return await work();
  const span = start(name, options);
  try {
    return await context.with(trace.setSpan(context.active(), span), work);
  } catch (error) {
    span.setStatus({
      code: SpanStatusCode.ERROR,
      message: error instanceof Error ? error.message : String(error),
    });
    throw error;
  } finally {
    span.end();
  }
}

/** Begins a span beside what is under way; null if not tracing. */
export function openSpan(name: string, options: SpanOptions = {}): OpenSpan | null {
  if (!TRACING) return null;
  const span = start(name, options);
  return {
    traceparent: formatTraceparent(span.spanContext()),
    end(attributes = {}) {
      span.setAttributes(attributes);
      span.end();
    },
  };
}

/** What carries on the trace that is under way; null if there is none. */
export function activeTraceparent(): string | null {
  const active = TRACING ? trace.getActiveSpan()?.spanContext() : undefined;
  return active && isSpanContextValid(active) ? formatTraceparent(active) : null;
}

/** W3C's text for a span's place in its trace. */
export function formatTraceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;
}

/** The place in a trace that a text names; null if it names none. Pure. */
export function parseTraceparent(text: string): SpanContext | null {
  const [, traceId, spanId, flags] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(text) ?? [];
  if (!traceId || !spanId || !flags) return null;
  const parsed = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true };
  return isSpanContextValid(parsed) ? parsed : null;
}

function start(name: string, { parent, links = [], attributes, startedAt }: SpanOptions): Span {
  const remote = parent ? parseTraceparent(parent) : null;
  const from: Context = remote ? trace.setSpanContext(ROOT_CONTEXT, remote) : context.active();
  return trace.getTracer("chris-streaming").startSpan(name, {
    ...(attributes ? { attributes } : {}),
    ...(startedAt === undefined ? {} : { startTime: startedAt }),
    links: links.flatMap((link) => {
      const linked = parseTraceparent(link);
      return linked ? [{ context: linked }] : [];
    }),
  }, from);
}

/** Contexts are kept only where somebody looks after them, which is so where Deno traces (and sampling aside). */
function isContextKept(): boolean {
  const key = createContextKey("chris-streaming: is there a context manager?");
  return context.with(ROOT_CONTEXT.setValue(key, true), () => context.active().getValue(key) === true);
}
