/**
 * A runtime in memory, which passes the same suite as the real ones and can be made to misbehave.
 *
 * @module
 */
import { OutageError } from "../run/outage_error.ts";
import type {
  Change,
  ContainerFacts,
  ContainerSummary,
  Fragment,
  LineRange,
  Runtime,
} from "../runtime/runtime.ts";
import { LogsUnavailableError } from "../runtime/runtime.ts";
import { testTime } from "./engine_log.ts";
import { FakeContainer } from "./fake_container.ts";

/** What can go wrong with a {@link FakeRuntime}; changed by tests at any time. */
export interface Misbehaviour {
  /** Nothing answers. */
  away: boolean;
  /** No log can be read. */
  unreadable: boolean;
  /** Following readings give nothing of what is written after they began, and never end. */
  deafFollowers: boolean;
  /** Readings without follow end, as if regularly, after so many fragments. */
  endAfter: number;
}

/** Containers that exist only here. Its clock moves by a millisecond with each thing that happens. */
export class FakeRuntime implements Runtime {
  readonly containers = new Map<string, FakeContainer>();
  readonly misbehaviour: Misbehaviour = {
    away: false,
    unreadable: false,
    deafFollowers: false,
    endAfter: Infinity,
  };
  /** Milliseconds since the begin of test time; tests may set it back. */
  clockMs = 0;
  #changed = new EventTarget();

  /** Makes a container in the state "created". */
  create(name: string): FakeContainer {
    const container = new FakeContainer(this, name, `${name}-${this.containers.size}`);
    this.containers.set(container.id, container);
    this.notify(container.id);
    return container;
  }

  /** The next moment. */
  tick(): string {
    this.clockMs += 1;
    return testTime(this.clockMs * 1_000_000);
  }

  /** Tells watchers and followers that something happened to a container. */
  notify(id: string): void {
    this.#changed.dispatchEvent(new CustomEvent("change", { detail: id }));
  }

  async *changes(signal: AbortSignal, { relistMs }: { relistMs: number }): AsyncGenerator<Change> {
    using queue = new Queue(this.#changed, signal);
    yield { kind: "listed", containers: this.#list(), afterGap: true };
    while (!signal.aborted) {
      const id = await queue.next(relistMs || undefined);
      if (signal.aborted) return;
      yield id === null
        ? { kind: "listed", containers: this.#list(), afterGap: false }
        : { kind: "changed", id, jobId: this.containers.get(id)?.facts().identity?.job_id ?? null };
    }
  }

  async list(): Promise<ContainerSummary[]> {
    await this.#answer();
    return this.#list();
  }

  async inspect(id: string): Promise<ContainerFacts | null> {
    await this.#answer();
    return this.containers.get(id)?.facts() ?? null;
  }

  async *lines(id: string, range: LineRange, signal: AbortSignal): AsyncGenerator<Fragment[]> {
    await this.#answer();
    using queue = new Queue(this.#changed, signal);
    const log = this.#logOf(id);
    const deaf = range.follow && this.misbehaviour.deafFollowers;
    const end = deaf ? log.length : Infinity;
    for (let at = 0; !signal.aborted;) {
      const upTo = Math.min(log.length, end, range.follow ? Infinity : this.misbehaviour.endAfter);
      const fragments = log.slice(at, upTo).filter(({ time }) => !range.since || time >= range.since);
      at = upTo;
      if (fragments.length > 0) yield fragments;
      else if (!range.follow || (!deaf && this.containers.get(id)?.phase !== "running")) return;
      else await queue.next();
    }
  }

  async lastFragment(id: string): Promise<Fragment | null> {
    await this.#answer();
    return this.#logOf(id).at(-1) ?? null;
  }

  async ping(): Promise<void> {
    await this.#answer();
  }

  async #answer(): Promise<void> {
    await Promise.resolve();
    if (this.misbehaviour.away) throw new OutageError("docker", "ask the fake runtime");
  }

  #logOf(id: string): Fragment[] {
    const container = this.containers.get(id);
    if (!container || this.misbehaviour.unreadable) {
      throw new LogsUnavailableError(id, { cause: "no log here" });
    }
    return container.log;
  }

  #list(): ContainerSummary[] {
    return [...this.containers.values()].map((container) => ({
      id: container.id,
      running: container.phase === "running",
      jobId: container.facts().identity?.job_id ?? null,
    }));
  }
}

/** What happens, in order, from its making on. */
class Queue implements Disposable {
  readonly #source: EventTarget;
  readonly #signal: AbortSignal;
  readonly #ids: string[] = [];
  #wake = () => {};
  readonly #take = (event: Event) => {
    this.#ids.push((event as CustomEvent<string>).detail);
    this.#wake();
  };
  readonly #abort = () => this.#wake();

  constructor(source: EventTarget, signal: AbortSignal) {
    this.#source = source;
    this.#signal = signal;
    source.addEventListener("change", this.#take);
    signal.addEventListener("abort", this.#abort);
  }

  /** The next, or null after `ms` or at the abort. */
  async next(ms?: number): Promise<string | null> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    if (this.#ids.length === 0 && !this.#signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        if (ms) timer = setTimeout(resolve, ms);
      });
    }
    clearTimeout(timer);
    return this.#ids.shift() ?? null;
  }

  [Symbol.dispose](): void {
    this.#source.removeEventListener("change", this.#take);
    this.#signal.removeEventListener("abort", this.#abort);
  }
}
