/**
 * The Docker Engine behind the port: its events and lists become changes, its logs fragments.
 *
 * @module
 */
import type { Readable } from "node:stream";
import { identify } from "../job/identity.ts";
import { statesOfLife } from "../job/life.ts";
import { backoffMs } from "../run/backoff.ts";
import type { Logger } from "../run/log.ts";
import { OutageError } from "../run/outage_error.ts";
import { sleep } from "../run/sleep.ts";
import { canonicalTime, epochSeconds } from "./canonical_time.ts";
import { DockerEngine, type Inspected, type LogQuery } from "./docker_engine.ts";
import { fragmentDecoder, LogFormatError } from "./docker_frames.ts";
import { LineBegins } from "./line_begins.ts";
import type { Change, ContainerFacts, ContainerSummary, Fragment, LineRange, Runtime } from "./runtime.ts";
import { LogsUnavailableError } from "./runtime.ts";
import { shellJoin } from "./shell_join.ts";
import { EventIds } from "./docker_events.ts";
import { streamBatches } from "./stream_batches.ts";

/** Label with which pfcon says which step a container is. */
export const DOCKER_JOB_TYPE_LABEL = "org.chrisproject.job_type";

/** How far back events are asked for at each connect, against the moment between answer and subscription (s). */
const EVENT_OVERLAP_SECONDS = 10;

/** Longest wait for the last line of a log (ms). */
const TAIL_TIMEOUT_MS = 20_000;

/** Log drivers that store all pieces of one line with one time. */
const ONE_TIME_PER_LINE = new Set(["json-file", "local"]);

/** Which containers are ours, and where. */
export interface DockerOptions {
  /** `unix:///path` or `tcp://host:port`. */
  readonly host: string;
  /** Label and value that mark a plugin instance's containers. */
  readonly label: string;
  readonly labelValue: string;
  readonly log: Logger;
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

/** Containers of one Docker Engine. */
export class DockerRuntime implements Runtime {
  readonly #engine: DockerEngine;
  readonly #label: string;
  readonly #log: Logger;
  readonly #now: () => number;

  constructor(options: DockerOptions) {
    this.#engine = new DockerEngine(options.host);
    this.#label = `${options.label}=${options.labelValue}`;
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

  /** One connection's changes. Subscribed before the list is taken, so nothing falls between the two. */
  async *#connection(signal: AbortSignal, relistMs: number): AsyncGenerator<Change> {
    const since = Math.floor(this.#now() / 1_000) - EVENT_OVERLAP_SECONDS;
    const stream = await this.#engine.events(this.#label, since, signal);
    const done = new AbortController();
    const batches = streamBatches(stream, AbortSignal.any([signal, done.signal]));
    const relist = relistMs > 0 ? () => sleep(relistMs, done.signal) : () => new Promise<void>(() => {});
    try {
      const ids = new EventIds();
      let next = batches.next();
      next.catch(() => {}); // looked at below
      yield { kind: "listed", containers: await this.#list(signal), afterGap: true };
      let due = relist();
      while (!signal.aborted) {
        const turn = await Promise.race([next, due.then(() => null)]).catch((cause) => {
          throw new OutageError("docker", "read events", { cause });
        });
        if (turn === null) {
          yield { kind: "listed", containers: await this.#list(signal), afterGap: false };
          due = relist();
        } else if (turn.done) {
          return;
        } else {
          for (const id of changedIds(ids, turn.value)) yield { kind: "changed", id };
          next = batches.next();
          next.catch(() => {});
        }
      }
    } finally {
      done.abort();
      await batches.return(undefined);
    }
  }

  async #list(signal: AbortSignal): Promise<ContainerSummary[]> {
    const containers = await this.#engine.list(this.#label, signal);
    return containers.map(({ Id, State }) => ({ id: Id, running: RUNNING.has(State) }));
  }

  async inspect(id: string, signal?: AbortSignal): Promise<ContainerFacts | null> {
    const inspected = await this.#engine.inspect(id, signal);
    return inspected && dockerFacts(inspected);
  }

  async *lines(id: string, range: LineRange, signal: AbortSignal): AsyncGenerator<Fragment[]> {
    const query = { follow: range.follow, ...(range.since ? { since: epochSeconds(range.since) } : {}) };
    yield* this.#fragments(id, query, signal);
  }

  async lastFragment(id: string, signal?: AbortSignal): Promise<Fragment | null> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), TAIL_TIMEOUT_MS);
    const either = signal ? AbortSignal.any([signal, late.signal]) : late.signal;
    try {
      let last: Fragment | null = null;
      for await (const fragments of this.#fragments(id, { follow: false, tail: 1 }, either)) {
        last = fragments.at(-1) ?? last;
      }
      if (!either.aborted) return last;
      throw new OutageError("docker", `read the end of the log of container "${id}"`);
    } finally {
      clearTimeout(timer);
    }
  }

  async *#fragments(id: string, query: LogQuery, signal: AbortSignal): AsyncGenerator<Fragment[]> {
    const container = await this.#engine.inspect(id, signal);
    if (!container) throw new LogsUnavailableError(id, { cause: "no such container" });
    const driver = container.HostConfig?.LogConfig?.Type ?? "";
    const decoder = fragmentDecoder({ tty: container.Config.Tty, mended: driver === "json-file" });
    const begins = new LineBegins({ oneTimePerLine: ONE_TIME_PER_LINE.has(driver) });
    const stream: Readable = await this.#engine.logs(id, query, signal);
    try {
      for await (const chunks of streamBatches(stream, signal)) {
        const fragments = chunks.flatMap((chunk) => decoder.decode(chunk));
        if (fragments.length > 0) yield begins.mark(fragments);
      }
      const fragments = signal.aborted ? [] : decoder.end();
      if (fragments.length > 0) yield begins.mark(fragments);
    } catch (cause) {
      if (cause instanceof LogFormatError) throw new LogsUnavailableError(id, { cause });
      throw new OutageError("docker", `read the log of container "${id}"`, { cause });
    }
  }

  async ping(): Promise<void> {
    await this.#engine.ping();
  }
}

const RUNNING = new Set(["running", "paused", "restarting"]);

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

function changedIds(ids: EventIds, chunks: Uint8Array[]): string[] {
  try {
    return ids.take(chunks);
  } catch (cause) {
    throw new OutageError("docker", "understand its events", { cause });
  }
}
