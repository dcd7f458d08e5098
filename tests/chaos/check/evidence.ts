/**
 * Truths and observations side by side, sorted by job and container. Pure.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { Observations, RedisLoss, SeenContainer, SeenEntry, SeenEvent } from "../observations.ts";
import { type JobTruth, ownerOf, type Step } from "../truth.ts";
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
  /** Whether Redis lost entries while it was there. */
  readonly livedThroughLoss: boolean;
}

/** A client and what it was told. */
export interface ToldClient {
  readonly client: string;
  readonly jobId: string;
  readonly ended: boolean;
  /** What it was told, without what may come again (see {@linkcode evidence}). */
  readonly events: readonly SeenEvent[];
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
  /** Events that clients were told again, and may be. */
  readonly repeats: number;
}

/**
 * Sorts what was seen. Only jobs whose order is known to have been accepted count.
 *
 * What a client may be told again is decided here and nowhere else: an event that the harness itself doubled, as often
 * as it did; and an event once more for each time that Redis lost entries since the event was first seen anywhere. For
 * what the runtime or Postgres still holds is then published again, at a new position (a position names an entry of one
 * life of Redis only, http.md: `id`). Such repeats are dropped and counted. The stream itself may hold an event once in
 * each generation, but after a loss a confirmation twice: again behind its state, where that was told again behind it.
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
  const firstSeen = firstSeenAt(observations);
  const copies = Map.groupBy(observations.injected, (entry) => injectedEvent(entry)?.event_id);
  const mayBeTold = (eventId: string, at: number) => {
    const from = firstSeen.get(eventId) ?? at;
    const losses = observations.redisLosses.filter((loss) => isWithin(loss, from, at));
    return 1 + losses.length + (copies.get(eventId)?.length ?? 0);
  };
  const events = Map.groupBy(
    observations.events.filter(({ data }) => poison.size === 0 || !poison.has(JSON.stringify(data))),
    ({ client, jobId }) => `${client} ${jobId}`,
  );
  let repeats = 0;
  const clients = observations.clients.filter(({ jobId }) => jobIds.has(jobId)).map((client) => {
    const all = events.get(`${client.client} ${client.jobId}`) ?? [];
    const kept = withoutRepeats(all, mayBeTold);
    repeats += all.length - kept.length;
    return { ...client, events: kept };
  });
  return {
    truths: known,
    observations,
    containers: observations.containers.flatMap((seen) => jobContainer(seen, jobIds, observations)),
    logs: told("stream:job-logs"),
    statuses: told("stream:job-status"),
    workflows: told("stream:job-workflow"),
    clients,
    repeats,
  };
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
  jobIds: ReadonlySet<string>,
  { redisLosses }: Observations,
): JobContainer[] {
  const owner = ownerOf(seen.name, jobIds);
  if (!owner) return [];
  const from = Date.parse(seen.createdAt);
  const livedThroughLoss = redisLosses.some(({ after, noticed }) =>
    from < noticed && after < (seen.removedAt ?? Infinity)
  );
  return [{ ...seen, ...owner, livedThroughLoss }];
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

/** How late a loss may be noticed (ms). */
const NOTICED_MS = 2_000;

/** When each event was first seen in a stream or at a client (ms since 1970). */
function firstSeenAt({ entries, events }: Observations): Map<string, number> {
  const seen = [
    ...entries.map(({ data, at }) => ({ eventId: eventOf(data)?.event_id, at })),
    ...events.map(({ data, at }) => ({ eventId: data?.event_id, at })),
  ];
  const first = new Map<string, number>();
  for (const { eventId, at } of seen) first.set(eventId, Math.min(at, first.get(eventId) ?? at));
  return first;
}

/**
 * What is left when an event is told to a client no more often than it may be: one telling of those allowed, and all
 * that is wrong. The first one counts, but of an end of stream the last: whoever connects while Redis loses the lines
 * before it may be told it alone, before all is told again. An end that says itself that lines may be missing counts
 * only if there is no other: of a container that is removed while it is read once more, nobody knows any better.
 */
function withoutRepeats(
  events: readonly SeenEvent[],
  mayBeTold: (eventId: string, at: number) => number,
): SeenEvent[] {
  const repeats = new Set<number>();
  const places = events.map((event, place) => ({ ...event, place }));
  for (const [id, tellings] of Map.groupBy(places, ({ data }) => data?.event_id)) {
    if (typeof id !== "string") continue;
    const allowed = tellings.filter(({ at }, index) => index < mayBeTold(id, at));
    const ends = allowed.filter(({ data }) => data?.eos === true);
    const counts = ends.findLast(({ data }) => data.gap !== true) ?? ends.at(-1) ?? allowed[0];
    for (const { place } of allowed) if (place !== counts?.place) repeats.add(place);
  }
  return events.filter((_, place) => !repeats.has(place));
}

/** Whether the loss may have been between two moments. */
function isWithin({ after, noticed }: RedisLoss, from: number, to: number): boolean {
  return from - NOTICED_MS < noticed && after < to + NOTICED_MS;
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
