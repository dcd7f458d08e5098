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
import type { Flag } from "lib/stream/fence.ts";
import type { Handler } from "lib/stream/shard_consumer.ts";

/**
 * A handler for the log streams. The proofs are returned, not set: they are set together with the
 * acknowledgement, after the write, and only by the shard's owner, who wrote all earlier lines too.
 */
export function storeLogs(store: Pick<LogStore, "write">): Handler<LogEvent> {
  return async (entries) => {
    await store.write(entries.map(({ id, event }) => ({ entryId: id, event })));
    return { flags: entries.flatMap(({ event }) => event.eos ? proofsOf(event) : []) };
  };
}

function proofsOf(event: LogEvent): Flag[] {
  const wire = { key: logsFlushedKey(event.job_id, event.job_type), ttlSeconds: LOGS_FLUSHED_TTL_SECONDS };
  if (!event.container_id) return [wire];
  return [wire, { key: containerFlushedKey(event.container_id), ttlSeconds: CONTAINER_FLUSHED_TTL_SECONDS }];
}
