/**
 * Jobs with everything that the SSE service sees of them, in one process: containers that a runtime tells of, workers
 * that tell of them in Redis and store what is told, and a Redis that may lose its latest writes. A worker does here
 * what the real one does in one transaction, one script or one call, at the same places, and all else may happen
 * between two of these.
 *
 * @module
 */
import type { JobType } from "lib/event/status.ts";
import { advance, begin, type Fact, type Flow, type Transition } from "lib/job/workflow.ts";
import { workflowEventId } from "lib/event/event_id.ts";
import { wireTimestampOf } from "lib/event/timestamp.ts";
import { createContainer, goOn, hasEnded, isRunning, print, type WorldContainer } from "./job.ts";
import { Weather, type WorkerName, WORKERS } from "./weather.ts";
import { WorldLogStore } from "./world_log_store.ts";
import { WorldPostgres } from "./world_postgres.ts";
import { WorldRedis } from "./world_redis.ts";

/** See the module's description. */
export class JobWorld {
  readonly containers: WorldContainer[] = [];
  readonly weather: Weather;
  readonly redis: WorldRedis;
  readonly postgres: WorldPostgres;
  readonly logStore: WorldLogStore;
  readonly #now: () => number;
  /** Workers that had nothing to do when they looked last, and nothing has changed since. */
  readonly #idle = new Set<WorkerName>();
  /** Until when forwarders do not look whether Redis has lost something (ms). */
  unnoticedUntil = 0;
  /** How often Redis lost something. */
  losses = 0;

  /** `now`: the time (ms since 1970), for all. */
  constructor(now: () => number, random: () => number) {
    this.#now = now;
    this.weather = new Weather(random);
    this.redis = new WorldRedis(now, () => this.change());
    this.postgres = new WorldPostgres(this.weather);
    this.logStore = new WorldLogStore(this.weather);
  }

  /** The time (ms since 1970). */
  get now(): number {
    return this.#now();
  }

  /** Whether no worker has anything to do. */
  get isAtRest(): boolean {
    return this.#idle.size === WORKERS.length - 1; // the hub is none of these
  }

  /** Wakes all workers. */
  change(): void {
    this.#idle.clear();
    this.weather.change();
  }

  /** Lets a worker work: `step` does one thing, false if there is none to do. */
  async work(worker: WorkerName, step: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.weather.gate(worker);
      const { changed } = this.weather;
      this.#idle.add(worker);
      if (await step()) {
        this.#idle.delete(worker);
        await this.weather.delay();
      } else await changed;
    }
  }

  /** Somebody wants the job done. */
  submit(jobId: string): void {
    const { flow, transition } = begin();
    this.postgres.flows.set(jobId, flow);
    this.#tell(jobId, flow, transition);
    this.#create(jobId, "copy", flow);
  }

  /** The container at work prints lines. */
  print(jobId: string, lines: number): void {
    const container = this.#current(jobId);
    if (!container || !isRunning(container)) return;
    for (let line = 0; line < lines; line++) print(container, this.now);
    this.change();
  }

  /** The job goes on: the container at work comes to its next state, or all of them are removed. */
  goOn(jobId: string, well: boolean): void {
    const container = this.#current(jobId);
    if (container && !hasEnded(container)) goOn(container, well, this.now);
    else if (this.#isProven(jobId)) this.#cleanUp(jobId);
    this.change();
  }

  /** Somebody wants another attempt, at most a second one. */
  retry(jobId: string): void {
    if (this.postgres.flows.get(jobId)?.attempt === 1) {
      this.apply(jobId, { kind: "retryAsked", why: "again" });
    }
  }

  /** What a fact means for the job, in one transaction with whatever tells it. */
  apply(jobId: string, fact: Fact): void {
    const flow = this.postgres.flows.get(jobId);
    const decision = flow && advance(flow, fact);
    if (decision?.kind !== "advance") return;
    this.postgres.flows.set(jobId, decision.flow);
    for (const transition of decision.transitions) this.#tell(jobId, decision.flow, transition);
    if (decision.order && "start" in decision.order) this.#create(jobId, decision.order.start, decision.flow);
    this.change();
  }

  /** Redis is emptied, or is started again without its latest writes, which cuts connections for a while. */
  async lose(writes: number | "all"): Promise<void> {
    if (writes !== 0) this.losses++;
    this.redis.lose(writes === "all" ? Infinity : writes);
    this.unnoticedUntil = this.now + this.weather.below(2) * this.weather.below(3_000);
    if (writes === "all") return;
    this.redis.run++;
    await this.weather.cut(1 + this.weather.below(300));
  }

  #current(jobId: string): WorldContainer | undefined {
    return this.containers.findLast((container) => container.jobId === jobId && !container.removed);
  }

  #create(jobId: string, step: JobType, { attempt }: Flow): void {
    this.containers.push(createContainer({ n: this.containers.length, jobId, step, attempt, at: this.now }));
  }

  /** Whether the job's containers may go: it is proven that their logs are stored, and their states are recorded. */
  #isProven(jobId: string): boolean {
    const isRecorded = (id: string) => this.postgres.history.some(({ event }) => event.event_id === id);
    const there = this.containers.filter((container) => container.jobId === jobId && !container.removed);
    return this.postgres.flows.get(jobId)?.step === "cleanup" &&
      there.every(({ id, life }) =>
        this.redis.held.keys.has(`flushed ${id}`) && life.every(({ event_id }) => isRecorded(event_id))
      );
  }

  #cleanUp(jobId: string): void {
    for (const container of this.containers) if (container.jobId === jobId) container.removed = true;
    this.apply(jobId, { kind: "cleanedUp" });
  }

  #tell(jobId: string, { attempt }: Flow, { step, stepStatus, status, error }: Transition): void {
    const fact = {
      job_id: jobId,
      current_step: step,
      current_step_status: stepStatus,
      workflow_status: status,
      error,
      ...(attempt > 1 ? { attempt } : {}),
    };
    const event = { event_id: workflowEventId(fact), ...fact, timestamp: wireTimestampOf(this.now) };
    this.postgres.addToOutbox({ stream: "workflow", event });
  }
}
