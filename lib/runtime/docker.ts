/**
 * The Docker Engine behind the port: its events and lists become changes, its logs fragments.
 *
 * @module
 */
import { identify } from "../job/identity.ts";
import { statesOfLife } from "../job/life.ts";
import { backoffMs } from "../run/backoff.ts";
import type { Logger } from "../run/log.ts";
import { OutageError } from "../run/outage_error.ts";
import { sleep } from "../run/sleep.ts";
import { canonicalTime } from "./canonical_time.ts";
import { DockerEngine, type Inspected, type Listed } from "./docker_engine.ts";
import { DockerLog } from "./docker_log.ts";
import { HeardChanges } from "./heard_changes.ts";
import type { Change, ContainerFacts, ContainerSummary, Fragment, LineRange, Runtime } from "./runtime.ts";
import { shellJoin } from "./shell_join.ts";
import { type EventContainer, EventContainers } from "./docker_events.ts";
import { streamBatches } from "./stream_batches.ts";

/** Label with which pfcon says which step a container is. */
export const DOCKER_JOB_TYPE_LABEL = "org.chrisproject.job_type";

/** Without regular lists, one is taken this often to see whether events still come in (ms). */
const CHECK_MS = 30_000;
/** How long the event of a change that a list shows may be under way (ms). */
const UNDER_WAY_MS = 2_000;

/** How far back events are asked for at each connect, against the moment between answer and subscription (s). */
const EVENT_OVERLAP_SECONDS = 10;

/** Containers whose kind of log is remembered. */
const MAX_LOGS = 10_000;

/** Which containers are ours, and where. */
export interface DockerOptions {
  /** `unix:///path` or `tcp://host:port`. */
  readonly host: string;
  /** Label and value that mark a plugin instance's containers. */
  readonly label: string;
  readonly labelValue: string;
  /** The Engine's folder of containers, where logs are read that are files there; null: the Engine is asked for all. */
  readonly logDir?: string | null;
  readonly log: Logger;
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

/** Containers of one Docker Engine. */
export class DockerRuntime implements Runtime {
  readonly #engine: DockerEngine;
  readonly #label: string;
  readonly #logDir: string | null;
  readonly #log: Logger;
  readonly #now: () => number;
  /** By container id: what kind of log it has never changes, so one inspection tells it for good. */
  readonly #logs = new Map<string, DockerLog>();

  constructor(options: DockerOptions) {
    this.#engine = new DockerEngine(options.host);
    this.#label = `${options.label}=${options.labelValue}`;
    this.#logDir = options.logDir ?? null;
    this.#log = options.log;
    this.#now = options.now ?? Date.now;
  }

  async *changes(signal: AbortSignal, options: { relistMs: number }): AsyncGenerator<Change> {
    for (let failures = 0; !signal.aborted;) {
      try {
        for await (const change of this.#connection(signal, options.relistMs)) {
          if (failures > 0) this.#log.info("docker is back");
          failures = 0;
          yield change;
        }
      } catch (error) {
        if (!(error instanceof OutageError)) throw error;
        failures++;
        if (failures === 1 && !signal.aborted) {
          this.#log.warn({ error: error.message }, "lost the docker events, listing again");
        }
      }
      await sleep(backoffMs(Math.max(failures, 1), { capMs: 3_000 }), signal);
    }
  }

  /**
   * One connection's changes. Subscribed before the list is taken, so nothing falls between the two. Ends with an
   * outage when a list shows a change that no event told of: then this connection is of no use any more.
   */
  async *#connection(signal: AbortSignal, relistMs: number): AsyncGenerator<Change> {
    const since = Math.floor(this.#now() / 1_000) - EVENT_OVERLAP_SECONDS;
    const stream = await this.#engine.events(this.#label, since, signal);
    const done = new AbortController();
    const batches = streamBatches(stream, AbortSignal.any([signal, done.signal]));
    try {
      const events = new EventContainers();
      const heard = new HeardChanges();
      let unheard: string[] = [];
      let next = batches.next();
      next.catch(() => {}); // looked at below
      const first = await this.list(signal);
      heard.unheard(first);
      yield { kind: "listed", containers: first, afterGap: true };
      const wait = () => sleep(unheard.length > 0 ? UNDER_WAY_MS : relistMs || CHECK_MS, done.signal);
      let due = wait();
      while (!signal.aborted) {
        const turn = await Promise.race([next, due.then(() => null)]).catch((cause) => {
          throw new OutageError("docker", "read events", { cause });
        });
        if (turn?.done) return;
        if (turn) {
          for (const { id, attributes } of containersOf(events, turn.value)) {
            heard.name(id);
            yield { kind: "changed", id, jobId: jobIdOf(attributes.name ?? "", attributes) };
          }
          next = batches.next();
          next.catch(() => {});
          continue;
        }
        if (unheard.length > 0) {
          if (!unheard.every((id) => heard.wasNamed(id))) {
            throw new OutageError("docker", "hear of changes that its list shows");
          }
          unheard = [];
        } else {
          const containers = await this.list(signal);
          unheard = heard.unheard(containers);
          yield { kind: "listed", containers, afterGap: false };
        }
        due = wait();
      }
    } finally {
      done.abort();
      await batches.return(undefined);
    }
  }

  async list(signal: AbortSignal): Promise<ContainerSummary[]> {
    const containers = await this.#engine.list(this.#label, signal);
    return summaries(containers);
  }

  async inspect(id: string, signal?: AbortSignal): Promise<ContainerFacts | null> {
    const inspected = await this.#engine.inspect(id, signal);
    const log = this.#logs.get(id); // it may know by now that its file cannot be read
    if (inspected) this.#remember(id, log ?? DockerLog.of(this.#engine, inspected, this.#logDir));
    else this.#logs.delete(id);
    return inspected && dockerFacts(inspected);
  }

  async *lines(id: string, range: LineRange, signal: AbortSignal): AsyncGenerator<Fragment[]> {
    const log = await this.#logOf(id, signal);
    yield* log.lines(range, signal);
  }

  async lastFragment(id: string, signal?: AbortSignal): Promise<Fragment | null> {
    const log = await this.#logOf(id, signal);
    return await log.last(signal);
  }

  async #logOf(id: string, signal?: AbortSignal): Promise<DockerLog> {
    const known = this.#logs.get(id);
    if (known) return known;
    const log = await DockerLog.open(this.#engine, id, this.#logDir, signal);
    this.#remember(id, log);
    return log;
  }

  #remember(id: string, log: DockerLog): void {
    this.#logs.delete(id);
    this.#logs.set(id, log);
    const [oldest] = this.#logs.keys();
    if (oldest !== undefined && this.#logs.size > MAX_LOGS) this.#logs.delete(oldest);
  }

  async ping(): Promise<void> {
    await this.#engine.ping();
  }
}

const RUNNING = new Set(["running", "paused", "restarting"]);

/** Listed containers as the port describes them: the Engine names the youngest first. Pure. */
export function summaries(containers: readonly Listed[]): ContainerSummary[] {
  return containers.toReversed().sort((a, b) => a.Created - b.Created).map(({ Id, State, Names, Labels }) => {
    // Of "/name" and "/other/alias" the first is its own.
    const name = Names?.find((each) => each.lastIndexOf("/") <= 0) ?? "";
    return { id: Id, running: RUNNING.has(State), jobId: jobIdOf(name, Labels ?? {}) };
  });
}

function jobIdOf(name: string, labels: Readonly<Record<string, string>>): string | null {
  return identify(name.replace(/^\//, ""), labels, DOCKER_JOB_TYPE_LABEL)?.job_id ?? null;
}

/** An inspected container as the port describes it. Pure. */
export function dockerFacts(inspected: Inspected): ContainerFacts {
  const container = inUtc(inspected);
  const { State: state, Config: config } = container;
  const name = container.Name.replace(/^\//, "");
  const active = state.Running || Boolean(state.Paused);
  const waiting = !active && state.Status === "created";
  return {
    id: container.Id,
    name,
    identity: identify(name, config.Labels ?? {}, DOCKER_JOB_TYPE_LABEL),
    source: "docker",
    image: config.Image,
    cmd: shellJoin(config.Cmd ?? []),
    createdAt: container.Created,
    phase: active ? "running" : waiting ? "waiting" : "ended",
    endedAt: active || waiting ? null : endOf(container),
    life: statesOfLife(container),
  };
}

/** Engines other than Docker's write local time. */
function inUtc(inspected: Inspected): Inspected {
  const { StartedAt, FinishedAt } = inspected.State;
  const State = {
    ...inspected.State,
    ...(StartedAt ? { StartedAt: canonicalTime(StartedAt) } : {}),
    ...(FinishedAt ? { FinishedAt: canonicalTime(FinishedAt) } : {}),
  };
  return { ...inspected, Created: canonicalTime(inspected.Created), State };
}

/** The Engine writes "never" as the year 1; then the container's own creation must do. */
function endOf({ State: state, Created }: Inspected): string {
  const known = [state.FinishedAt, state.StartedAt].find((time) => time && !time.startsWith("0001-"));
  return known ?? Created;
}

function containersOf(events: EventContainers, chunks: Uint8Array[]): EventContainer[] {
  try {
    return events.take(chunks);
  } catch (cause) {
    throw new OutageError("docker", "understand its events", { cause });
  }
}
