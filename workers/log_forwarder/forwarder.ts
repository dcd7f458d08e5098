/**
 * Follows the output of all containers: each line, and the end of each container's output, goes to the log
 * stream of its job once.
 *
 * @module
 */
import type { Worker } from "lib/run/worker.ts";
import { KeyedWork } from "lib/runtime/keyed_work.ts";
import type { Change, ContainerSummary } from "lib/runtime/runtime.ts";
import { untilTaken } from "lib/stream/until_taken.ts";
import { ContainerLog, type ContainerLogOptions } from "./container_log.ts";
import { decodeCursor } from "./cursor.ts";

/** What the log forwarder needs. */
export interface LogForwarderOptions extends ContainerLogOptions {
  /** All containers are listed again after this time (ms); 0: only after a lost connection or a loss in Redis. */
  readonly relistMs: number;
}

/** Publishes the output of all containers. */
export class LogForwarder implements Worker {
  readonly name = "log_forwarder";
  readonly #options: LogForwarderOptions;
  /** Those that are worked on. */
  readonly #logs = new Map<string, ContainerLog>();

  constructor(options: LogForwarderOptions) {
    this.#options = options;
  }

  /** Logs that are being read now. */
  get open(): number {
    return this.#logs.size;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { runtime, relistMs, log } = this.#options;
    const logs = new KeyedWork({ work: (id) => this.#follow(id, signal), log });
    try {
      for await (const change of runtime.changes(signal, { relistMs })) {
        this.#nudge(change);
        for (const id of await this.#toLookAt(change, signal)) logs.hint(id);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      await logs.stop();
    }
  }

  async #follow(id: string, signal: AbortSignal): Promise<void> {
    const log = new ContainerLog(id, this.#options);
    this.#logs.set(id, log);
    try {
      await log.run(signal);
    } finally {
      this.#logs.delete(id);
    }
  }

  /**
   * Readings under way whose container changed or no longer runs, and after a gap all: their connections may be as
   * dead as that of the changes was.
   */
  #nudge(change: Change): void {
    if (change.kind === "changed") return this.#logs.get(change.id)?.nudge();
    const running = new Set(change.containers.filter((container) => container.running).map(({ id }) => id));
    for (const [id, log] of this.#logs) if (change.afterGap || !running.has(id)) log.nudge();
  }

  /**
   * Of a list, those with something left to publish (all, after a gap: an ended one may have run again; and if Redis
   * may have lost something), and those whose output was awaited but which the runtime has forgotten.
   */
  async #toLookAt(change: Change, signal: AbortSignal): Promise<readonly string[]> {
    if (change.kind === "changed") return [change.id];
    const { record, relistMs, log } = this.#options;
    const hasLost = await untilTaken(() => record.hasLost(), { signal, log });
    if (hasLost) log.warn("redis may have lost what was published, looking at all logs");
    const all = change.afterGap || hasLost;
    if (!all && relistMs === 0) return [];
    const ids = change.containers.map(({ id }) => id);
    const listed = new Set(ids);
    const ask = () => Promise.all([record.cursors(ids), record.allOpen()]);
    const [cursors, open] = await untilTaken(ask, { signal, log });
    const known = all ? ids : unfinished(change.containers, cursors);
    return [...known, ...Object.keys(open).filter((id) => !listed.has(id))];
  }
}

/** Containers that run, or whose end-of-stream marker was not published yet. Pure. */
export function unfinished(
  containers: readonly ContainerSummary[],
  cursors: readonly (string | null)[],
): string[] {
  return containers
    .filter(({ running }, index) => running || decodeCursor(cursors[index] ?? null).eos === null)
    .map(({ id }) => id);
}
