/**
 * Which containers of a regular list need to be inspected: a list costs one call for all of them, an inspection one
 * for each. Pure.
 *
 * @module
 */
import type { ContainerSummary } from "lib/runtime/runtime.ts";
import { LiveFacts } from "./life_events.ts";

/**
 * Each container is inspected in one of so many lists even if nothing calls for it: a list does not tell that a
 * container ran anew since the last one.
 */
export const LISTS_PER_LOOK = 10;

/** What Redis says of what was published. */
export interface Told {
  /** Notes of the containers whose end was not published yet, by id. */
  readonly live: Readonly<Record<string, string>>;
  /** Containers of which something was published, or nothing is to be. */
  readonly told: ReadonlySet<string>;
}

/**
 * Those whose published states do not explain what the list says, and those whose turn it is in the `round`th list.
 * In the order of the list.
 */
export function dueLooks(
  containers: readonly ContainerSummary[],
  { live, told }: Told,
  round: number,
): ContainerSummary[] {
  return containers.filter(({ id, running }) => {
    if (!told.has(id) || turnOf(id) === round % LISTS_PER_LOOK) return true;
    const note = live[id];
    return running ? note === undefined || !isStarted(note) : note !== undefined;
  });
}

/** Containers known to be alive that are not listed: they may be gone by now. */
export function unlisted(
  live: Told["live"],
  containers: readonly ContainerSummary[],
): Pick<ContainerSummary, "id" | "jobId">[] {
  const listed = new Set(containers.map(({ id }) => id));
  return Object.entries(live).filter(([id]) => !listed.has(id)).map(([id, note]) => ({
    id,
    jobId: factsOf(note)?.job_id ?? null,
  }));
}

function isStarted(note: string): boolean {
  return factsOf(note)?.status === "started";
}

function factsOf(note: string): LiveFacts | null {
  try {
    return LiveFacts.parse(JSON.parse(note));
  } catch {
    return null;
  }
}

/** Spreads containers over the rounds. */
function turnOf(id: string): number {
  let sum = 0;
  for (const character of id.slice(0, 12)) sum += character.charCodeAt(0);
  return sum % LISTS_PER_LOOK;
}
