import { type Metrics, SECONDS_BUCKETS } from "../run/metrics.ts";

/** How a task ended that was taken from its queue. */
export type TaskOutcome = "done" | "failed" | "put aside" | "put back";

/** What workers on tasks count. */
export class TaskMetrics {
  readonly #tasks;
  readonly #duration;

  constructor(metrics: Metrics) {
    this.#tasks = metrics.counter(
      "chris_tasks_total",
      "Tasks taken: done, failed (to be tried again), put aside (can never be done), put back (told to stop).",
      ["task", "outcome"],
    );
    this.#duration = metrics.histogram("chris_task_duration_seconds", "How long a try of a task took (s).", {
      labels: ["task"],
      buckets: SECONDS_BUCKETS,
    });
  }

  /** A task of `queue` is taken; call what is returned when it has ended. */
  begin(queue: string): (outcome: TaskOutcome) => void {
    const task = taskOfQueue(queue);
    const stop = this.#duration.startTimer({ task });
    return (outcome) => {
      stop();
      this.#tasks.inc({ task, outcome });
    };
  }
}

/** What is done by the tasks of a queue: its name without the shard. */
export function taskOfQueue(queue: string): string {
  return queue.replace(/-\d+$/, "");
}
