/**
 * Each status event becomes one task; confirmations, which our own relay wrote, are dropped so that they do not
 * go round in circles.
 *
 * An entry is acknowledged once its task is put, and putting is safe to repeat: a task that waits is not put twice, one
 * that is done records nothing new, and one that is put too late, or not at all, finds its state recorded by the next
 * (`workers/task_worker/process_status.ts`).
 *
 * @module
 */
import { isConfirmation, type StatusEvent } from "lib/event/status.ts";
import { openSpan } from "lib/run/trace.ts";
import type { Entry, Handler } from "lib/stream/shard_consumer.ts";
import type { NewTask } from "lib/task/queue.ts";
import { type ProcessJobStatus, processJobStatusId } from "lib/task/tasks.ts";

/** Puts tasks into the queue of one shard, in order. */
export type PutTasks = (shard: number, tasks: NewTask<ProcessJobStatus>[]) => Promise<void>;

/** A handler for the status streams: puts the events' tasks, in the order of the stream. */
export function dispatcher(put: PutTasks, shardOf: (jobId: string) => number): Handler<StatusEvent> {
  return async (entries) => {
    const reports = entries.filter(({ event }) => !isConfirmation(event.status));
    for (const [shard, group] of Map.groupBy(reports, ({ event }) => shardOf(event.job_id))) {
      const spans = group.map(({ event, traceparent: parent }) =>
        openSpan("dispatch status", { parent, attributes: { job_id: event.job_id, status: event.status } })
      );
      await put(
        shard,
        group.map((entry, index) => {
          const traceparent = spans[index]?.traceparent;
          return traceparent ? { ...taskOf(entry), traceparent } : taskOf(entry);
        }),
      );
      for (const span of spans) span?.end();
    }
  };
}

function taskOf({ id, position, event }: Entry<StatusEvent>): { id: string; payload: ProcessJobStatus } {
  if (position === id) return { id: processJobStatusId(event.event_id), payload: { event, entry_id: id } };
  return {
    id: processJobStatusId(event.event_id, id),
    payload: { event, entry_id: id, requeued_from: position },
  };
}
