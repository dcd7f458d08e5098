import type { Redis } from "ioredis";
import type { Metrics } from "lib/run/metrics.ts";
import { TaskQueue } from "lib/task/queue.ts";
import { CLEAN_UP_QUEUE, RUN_STEP_QUEUE, statusQueue } from "lib/task/tasks.ts";
import { taskOfQueue } from "lib/task/task_metrics.ts";

/** Adds how many tasks are in the queues; left out while the broker is away. Dispose of what is returned. */
export function addQueueMetrics(metrics: Metrics, broker: Redis, numShards: number): AsyncDisposable {
  const names = [
    RUN_STEP_QUEUE,
    CLEAN_UP_QUEUE,
    ...Array.from({ length: numShards }, (_, n) => statusQueue(n)),
  ];
  const queues = names.map((name) => new TaskQueue(broker, name));
  const gauge = metrics.gauge(
    "chris_task_queue_tasks",
    "Tasks that are waiting, active, delayed until their next try, or failed for good.",
    ["task", "state"],
  );
  metrics.onRead(async () => {
    gauge.reset();
    const counts = await Promise.all(
      queues.map(async (queue) => [queue.name, await queue.counts()] as const),
    );
    gauge.reset();
    for (const [name, states] of counts) {
      for (const [state, count] of Object.entries(states)) {
        gauge.inc({ task: taskOfQueue(name), state }, count);
      }
    }
  });
  return {
    async [Symbol.asyncDispose]() {
      await Promise.all(queues.map((queue) => queue[Symbol.asyncDispose]()));
    },
  };
}
