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
 * acknowledgement, after the write, and only by the shard's owner, when every earlier entry of the job is out of
 * the way. That is: written, or in the dead letters: a line that could not be read or stored counts as kept
 * there with its bytes, as a container whose one bad line would never be cleaned up helps nobody. What the stream
 * lost by trimming before it was taken is not known here: see `lost_to_trimming` at `/ready`.
 */
export function storeLogs(store: Pick<LogStore, "write">): Handler<LogEvent> {
  return async (entries) => {
    await store.write(entries.map(({ position, event }) => ({ entryId: position, event })));
    return { flags: entries.flatMap(({ event }) => event.eos ? proofsOf(event) : []) };
  };
}

function proofsOf(event: LogEvent): Flag[] {
  const wire = { key: logsFlushedKey(event.job_id, event.job_type), ttlSeconds: LOGS_FLUSHED_TTL_SECONDS };
  if (!event.container_id) return [wire];
  return [wire, { key: containerFlushedKey(event.container_id), ttlSeconds: CONTAINER_FLUSHED_TTL_SECONDS }];
}
