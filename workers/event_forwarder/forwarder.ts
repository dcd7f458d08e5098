/**
 * Watches all containers: each state that one goes through is published to the status stream of its job once.
 *
 * It keeps nothing that has to be right. What happened is asked of the runtime each time, what was published is known to
 * Redis (`lib/stream/life_record.ts`), so it may die anywhere, and another one may do the same beside it. The containers
 * of a job take turns, as their states have an order.
 *
 * @module
 */
import { encodeStatusEvent } from "lib/event/codec.ts";
import type { StatusEvent } from "lib/event/status.ts";
import type { Logger } from "lib/run/log.ts";
import { openSpan } from "lib/run/trace.ts";
import type { Worker } from "lib/run/worker.ts";
import { KeyedWork } from "lib/runtime/keyed_work.ts";
import type { Change, ContainerFacts, ContainerSummary, Runtime } from "lib/runtime/runtime.ts";
import { type LifeRecord, PublicationsLostError } from "lib/stream/life_record.ts";
import { untilTaken } from "lib/stream/until_taken.ts";
import { dueLooks, unlisted } from "./due_looks.ts";
import { lifeEvents, LiveFacts, liveFacts, vanishedEvent } from "./life_events.ts";
import type { ForwarderMetrics } from "./metrics.ts";

/** What the event forwarder needs. */
export interface EventForwarderOptions {
  readonly runtime: Runtime;
  readonly record: LifeRecord;
  /** The stream of a job. */
  readonly streamOf: (jobId: string) => string;
  readonly maxlen: number;
  /** Whether to report what containers went through before `run`. */
  readonly emitInitialState: boolean;
  /** All containers are listed again after this time (ms); 0: only after a lost connection or a loss in Redis. */
  readonly relistMs: number;
  readonly metrics?: ForwarderMetrics;
  readonly log: Logger;
}

/** Containers inspected at the same time. */
const PARALLEL = 16;

/** Publishes the states of all containers. */
export class EventForwarder implements Worker {
  readonly name = "event_forwarder";
  readonly #options: EventForwarderOptions;
  /** Containers that were there before `run`, until they are looked at, and whether they ran then (by id). */
  readonly #toLeave = new Map<string, boolean>();
  /** Containers not to be reported as long as their last event is this one (by id). */
  readonly #left = new Map<string, { readonly eventId: string; readonly isOver: boolean }>();
  /** Telling again of all containers, while it is prepared. */
  #again: Promise<void> | null = null;
  /** Regular lists so far. */
  #round = 0;

  constructor(options: EventForwarderOptions) {
    this.#options = options;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { runtime, record, relistMs, emitInitialState, log } = this.#options;
    const lives: KeyedWork = new KeyedWork({
      work: async (id) => {
        const { era } = record;
        try {
          await this.runOnce(id, signal);
        } catch (error) {
          if (error instanceof PublicationsLostError) {
            if (era === record.era) await this.#tellAgain(lives, signal);
            lives.hint(id); // it may be younger than the list of those that are told again
          } else if (!signal.aborted) throw error;
        }
      },
      limit: PARALLEL,
      log,
    });
    let leave = !emitInitialState;
    try {
      for await (const change of runtime.changes(signal, { relistMs })) {
        if (change.kind === "changed") {
          lives.hint(change.id, change.jobId ?? undefined);
          continue;
        }
        this.#options.metrics?.listed(change.afterGap);
        const { due, live, all } = await this.#toLookAt(change, signal);
        if (leave) this.#leave(change.containers, Object.keys(live));
        leave = false;
        if (all) record.beginAnew();
        hintAll(lives, [...unlisted(live, change.containers), ...due]);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      await lives.stop();
    }
  }

  /**
   * Redis lost publications: has all containers told again, each job's from its beginning.
   *
   * @throws {OutageError}
   */
  async #tellAgain(lives: KeyedWork, signal: AbortSignal): Promise<void> {
    this.#again ??= this.#hintAllThere(lives, signal).finally(() => this.#again = null);
    await this.#again;
  }

  async #hintAllThere(lives: KeyedWork, signal: AbortSignal): Promise<void> {
    const { runtime, record, log } = this.#options;
    log.warn("redis lost what was published, telling again of all containers");
    const containers = await runtime.list(signal);
    const live = await this.#patiently(signal, () => record.allLive());
    record.beginAnew();
    hintAll(lives, [...unlisted(live, containers), ...containers]);
  }

  /**
   * Publishes what is not published yet of one container's life. Waits through outages of Redis.
   *
   * @throws {PublicationsLostError} if Redis lost what was published before.
   * @throws {OutageError} if the runtime cannot tell of it. (It may be able to tell of others.)
   */
  async runOnce(id: string, signal: AbortSignal): Promise<void> {
    const { runtime, record, streamOf, maxlen, metrics } = this.#options;
    const { era } = record;
    const span = openSpan("forward status"); // told only if there was something to tell
    const facts = await runtime.inspect(id, signal);
    metrics?.inspected();
    if (facts === null) return await this.#vanished(id, era, signal);
    const events = lifeEvents(facts);
    const last = events.at(-1);
    if (!last || this.#isLeft(facts, last)) return;
    const live = liveFacts(last);
    const batch = {
      containerId: id,
      stream: streamOf(last.job_id),
      maxlen,
      events: events.map(encoded),
      live: live && JSON.stringify(live),
      traceparent: span?.traceparent,
    };
    const published = await this.#patiently(signal, () => record.publish(batch, era));
    if (published > 0) {
      metrics?.published(events.slice(-published));
      span?.end({ job_id: last.job_id, job_type: last.job_type, status: last.status, published });
      this.#options.log.info(
        { job_id: last.job_id, job_type: last.job_type, status: last.status, published },
        "published",
      );
    }
  }

  async #vanished(id: string, era: number, signal: AbortSignal): Promise<void> {
    const { record, streamOf, maxlen, metrics, log } = this.#options;
    this.#toLeave.delete(id);
    this.#left.delete(id);
    const live = await this.#patiently(signal, () => record.live(id));
    if (live === null) return await this.#patiently(signal, () => record.forget(id));
    const event = vanishedEvent(LiveFacts.parse(JSON.parse(live)));
    log.warn(
      { container: id, job_id: event.job_id, job_type: event.job_type },
      "a container vanished before its end was seen",
    );
    const span = openSpan("forward status", { attributes: { job_id: event.job_id, status: event.status } });
    const events = [encoded(event)];
    const stream = streamOf(event.job_id);
    const batch = { containerId: id, stream, maxlen, events, live, traceparent: span?.traceparent };
    if (await this.#patiently(signal, () => record.publishVanished(batch, era)) === 0) return;
    metrics?.vanished();
    metrics?.published([event]);
    span?.end();
  }

  /** Has containers left unreported until they change, but for those known to be alive. */
  #leave(containers: readonly ContainerSummary[], known: readonly string[]): void {
    for (const { id, running } of containers) this.#toLeave.set(id, running);
    for (const id of known) this.#toLeave.delete(id);
  }

  /** Whether nothing has happened to a container since it was to be left. */
  #isLeft({ id, phase }: ContainerFacts, last: StatusEvent): boolean {
    const wasRunning = this.#toLeave.get(id);
    this.#toLeave.delete(id);
    if (wasRunning === (phase === "running")) {
      this.#left.set(id, { eventId: last.event_id, isOver: phase === "ended" });
    }
    if (this.#left.get(id)?.eventId === last.event_id) return true;
    this.#left.delete(id);
    return false;
  }

  /**
   * Of a list, those to inspect (after a gap, or if Redis lost something, `all`); and `live`: those known to be alive
   * when they were last seen, with what was noted of them.
   */
  async #toLookAt(
    { containers, afterGap }: Extract<Change, { kind: "listed" }>,
    signal: AbortSignal,
  ): Promise<{ due: readonly ContainerSummary[]; live: Readonly<Record<string, string>>; all: boolean }> {
    const { record, relistMs, log } = this.#options;
    const hasLost = await this.#patiently(signal, () => record.hasLost());
    if (hasLost) log.warn("redis lost what was published, telling again of all containers");
    const all = afterGap || hasLost;
    if (!all && relistMs === 0) return { due: [], live: {}, all };
    const live = await this.#patiently(signal, () => record.allLive());
    if (all) return { due: containers, live, all };
    const published = await this.#patiently(signal, () => record.told(containers.map(({ id }) => id)));
    const told = new Set([...published, ...[...this.#left].flatMap(([id, { isOver }]) => isOver ? id : [])]);
    return { due: dueLooks(containers, { live, told }, this.#round++), live, all };
  }

  #patiently<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    return untilTaken(call, { signal, log: this.#options.log });
  }
}

/** Of one job, those that are gone first, then the oldest: after a loss all of its states are told again. */
function hintAll(lives: KeyedWork, containers: readonly Pick<ContainerSummary, "id" | "jobId">[]): void {
  lives.hintInOrder(containers.map(({ id, jobId }) => ({ key: id, ...(jobId ? { group: jobId } : {}) })));
}

function encoded(event: StatusEvent): { id: string; data: string } {
  return { id: event.event_id, data: encodeStatusEvent(event) };
}
