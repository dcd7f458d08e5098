/**
 * Truths and observations side by side, sorted by job and container. Pure.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { Observations, SeenContainer, SeenEntry, SeenEvent } from "../observations.ts";
import { attemptsOf, controls, type JobTruth, ownerOf, type Step, wasCancelled } from "../truth.ts";
import type { InjectedEntry } from "../world.ts";

/** What is told about a job: an event as it was found somewhere, whose fields nobody has looked at. */
// deno-lint-ignore no-explicit-any -- the checker trusts no field
export type Told = any;

/** An event of one of our jobs as it stood in a stream. */
export interface ToldEntry {
  readonly entry: SeenEntry;
  readonly event: Told;
}

/** A container of one of our jobs. */
export interface JobContainer extends SeenContainer {
  readonly jobId: string;
  readonly step: Step;
  /** Which attempt at the job it belongs to: 1, 2, … */
  readonly attempt: number;
  /** When the next attempt began (ms since 1970); Infinity if there is none. */
  readonly next: number;
  /** Whether it was removed while it ran, as its job was cancelled. */
  readonly stopped: boolean;
  /** Whether Redis lost entries while it was there. */
  readonly livedThroughLoss: boolean;
}

/** A client and what it was told. */
export interface ToldClient {
  readonly client: string;
  readonly jobId: string;
  readonly ended: boolean;
  /** Attempts at the job that it followed to their end: who was told the end sees nothing of a later retry. */
  readonly attempts: number;
  /** What it was told, each event once, as it was told first. */
  readonly events: readonly SeenEvent[];
  /** What it was told again. */
  readonly repeats: readonly SeenEvent[];
}

/** All that the checks look at. */
export interface Evidence {
  readonly truths: ReadonlyMap<string, JobTruth>;
  readonly observations: Observations;
  readonly containers: readonly JobContainer[];
  /** Entries that the system wrote itself, by kind of stream and job, in the order of reading. */
  readonly logs: ReadonlyMap<string, readonly ToldEntry[]>;
  readonly statuses: ReadonlyMap<string, readonly ToldEntry[]>;
  readonly workflows: ReadonlyMap<string, readonly ToldEntry[]>;
  readonly clients: readonly ToldClient[];
}

/**
 * Sorts what was seen. Only jobs whose order is known to have been accepted count.
 *
 * The stream may hold an event once in each generation, but after a loss a confirmation twice: again behind its state,
 * where that was told again behind it. A client is told each event once, whatever Redis loses and whatever stands twice
 * in a stream: what it was told again is G10, and all other checks look at the first telling.
 */
export function evidence(truths: readonly JobTruth[], observations: Observations): Evidence {
  const known = new Map(
    truths.filter(({ acceptedAt }) => acceptedAt !== null).map((one) => [one.jobId, one]),
  );
  const jobIds = new Set(known.keys());
  const injected = new Set(observations.injected.map(({ stream, id }) => `${stream} ${id}`));
  const own = observations.entries.filter(({ stream, id }) => !injected.has(`${stream} ${id}`));
  const told = (base: string) => byJob(own.filter(({ stream }) => stream.startsWith(`${base}:`)), jobIds);
  const poison = new Set(
    observations.injected.filter(({ kind }) => kind === "poison").map((entry) =>
      JSON.stringify(injectedEvent(entry))
    ),
  );
  const events = Map.groupBy(
    observations.events.filter(({ data }) => poison.size === 0 || !poison.has(JSON.stringify(data))),
    ({ client, jobId }) => `${client} ${jobId}`,
  );
  const clients = observations.clients.flatMap((client) => {
    const truth = known.get(client.jobId);
    if (!truth) return [];
    const all = events.get(`${client.client} ${client.jobId}`) ?? [];
    const attempts = attemptsSeen(truth, all, observations.lateMs ?? 0);
    return [{ ...client, ...firstTellings(all), attempts }];
  });
  return {
    truths: known,
    observations,
    containers: observations.containers.flatMap((seen) => jobContainer(seen, known, observations)),
    logs: told("stream:job-logs"),
    statuses: told("stream:job-status"),
    workflows: told("stream:job-workflow"),
    clients,
  };
}

/** Which attempt at a job was under way at a time (ms since 1970): one begins when the one before is over. */
export function attemptAt(truth: JobTruth | undefined, at: number): number {
  const begun = controls(truth ?? {}).filter(({ action, sentAt }) => action === "retry" && sentAt <= at);
  return Math.max(1, ...begun.map(({ attempt }) => attempt));
}

/** Containers that ran. */
export function started({ containers }: Pick<Evidence, "containers">): JobContainer[] {
  return containers.filter(({ startedAt }) => startedAt !== "");
}

/** The first of each event id. */
export function firstOfEach(entries: readonly ToldEntry[]): ToldEntry[] {
  const seen = new Set<string>();
  return entries.filter(({ event }) => !seen.has(event.event_id) && seen.add(event.event_id));
}

function byJob(entries: readonly SeenEntry[], jobIds: ReadonlySet<string>): Map<string, ToldEntry[]> {
  const told = entries.map((entry) => ({ entry, event: eventOf(entry.data) }));
  return Map.groupBy(told.filter(({ event }) => jobIds.has(event?.job_id)), ({ event }) => event.job_id);
}

function jobContainer(
  seen: SeenContainer,
  truths: ReadonlyMap<string, JobTruth>,
  { redisLosses }: Observations,
): JobContainer[] {
  const owner = ownerOf(seen.name, new Set(truths.keys()));
  const truth = owner && truths.get(owner.jobId);
  if (!truth) return [];
  const from = Date.parse(seen.createdAt);
  const attempt = attemptAt(truth, from);
  const next = controls(truth).find(({ action, sentAt }) => action === "retry" && sentAt > from)?.sentAt ??
    Infinity;
  const ranWhenRemoved = seen.startedAt !== "" && seen.finishedAt === "" && seen.removedAt !== null;
  const livedThroughLoss = redisLosses.some(({ after, noticed }) =>
    from < noticed && after < (seen.removedAt ?? Infinity)
  );
  const stopped = ranWhenRemoved && wasCancelled(truth, attempt);
  return [{ ...seen, ...owner, attempt, next, stopped, livedThroughLoss }];
}

/** Whether an entry says again what its generation of the stream has said, and may not. Remembers what it is asked. */
export function doubling(): (told: ToldEntry) => boolean {
  const seen = new Map<string, number>();
  return ({ entry, event }) => {
    const key = `${entry.generation} ${event.event_id}`;
    const times = (seen.get(key) ?? 0) + 1;
    seen.set(key, times);
    const mayBeTwice = entry.generation > 0 && String(event.status).startsWith("confirmed_");
    return times > (mayBeTwice ? 2 : 1);
  };
}

/** Each event once, and what was told again. Events without an id, such as `gap` and `end`, are all told once. */
function firstTellings(events: readonly SeenEvent[]): Pick<ToldClient, "events" | "repeats"> {
  const seen = new Set<string>();
  const isFirst = ({ data }: SeenEvent) => {
    const id = data?.event_id;
    return typeof id !== "string" || !seen.has(id) && Boolean(seen.add(id));
  };
  const groups = Map.groupBy(events, isFirst);
  return { events: groups.get(true) ?? [], repeats: groups.get(false) ?? [] };
}

/**
 * How long after a retry was accepted a client may still be told the end of the attempt before (ms), besides what the
 * machine was late.
 */
const LATE_END_MS = 5_000;

/**
 * How many attempts a client can have followed: those whose end it was told, but no fewer than there were well before
 * it was told the end of all.
 */
function attemptsSeen(truth: JobTruth, events: readonly SeenEvent[], lateMs: number): number {
  const all = attemptsOf(truth);
  const end = events.find(({ kind }) => kind === "end");
  if (!end) return all;
  const retried = controls(truth).filter(({ action, answeredAt }) =>
    action === "retry" && answeredAt < end.at - LATE_END_MS - lateMs
  );
  const told = events.filter(({ kind, data }) => kind === "workflow" && data?.current_step === "completed");
  const ends = new Set(told.map(({ data }) => data?.event_id)).size;
  return Math.min(all, Math.max(1, ends, ...retried.map(({ attempt }) => attempt)));
}

/** An injected entry's fields are its bytes, each as one character. */
function injectedEvent({ fields }: InjectedEntry): Told {
  return eventOf(Buffer.from(fields.data ?? "", "latin1").toString("utf8"));
}

function eventOf(data: string): Told {
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}
