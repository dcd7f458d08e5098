/**
 * Log events into the log store; after an end of stream, the proof that the container's log is durable.
 *
 * @module
 */
import type { LogEvent } from "lib/event/log.ts";
import {
  CONTAINER_FLUSHED_TTL_SECONDS,
  containerFlushedKey,
  LOGS_FLUSHED_TTL_SECONDS,
  logsFlushedKey,
} from "lib/log_store/flushed_keys.ts";
import type { LogStore } from "lib/log_store/log_store.ts";
import { type SpanOptions, traced, TRACING } from "lib/run/trace.ts";
import type { Flag } from "lib/stream/fence.ts";
import type { Handler } from "lib/stream/shard_consumer.ts";

/**
 * A handler for the log streams. The proofs are returned, not set: they are set together with the
 * acknowledgement, after the write, and only by the shard's owner, when every earlier entry of the job is out of
 * the way. That is: written, or in the dead letters: a line that could not be read or stored counts as kept
 * there with its bytes, as a container whose one bad line would never be cleaned up helps nobody. What the stream
 * lost by trimming before it was taken is not known here: see `lost_to_trimming` at `/ready`.
 */
export function storeLogs(store: Pick<LogStore, "write">): Handler<LogEvent> {
  return async (entries) => {
    const lines = entries.map(({ position, event }) => ({ entryId: position, event }));
    await traced("store lines", originOf(entries), () => store.write(lines));
    return { flags: entries.flatMap(({ event }) => event.eos ? proofsOf(event) : []) };
  };
}

/** A batch is of one trace only if it came as one: its other origins are told as links. */
function originOf(entries: Parameters<Handler<LogEvent>>[0]): SpanOptions {
  if (!TRACING) return {};
  const [parent, ...links] = new Set(entries.flatMap(({ traceparent }) => traceparent ?? []));
  return { parent, links, attributes: { lines: entries.length } };
}

function proofsOf(event: LogEvent): Flag[] {
  const wire = { key: logsFlushedKey(event.job_id, event.job_type), ttlSeconds: LOGS_FLUSHED_TTL_SECONDS };
  if (!event.container_id) return [wire];
  return [wire, { key: containerFlushedKey(event.container_id), ttlSeconds: CONTAINER_FLUSHED_TTL_SECONDS }];
}
