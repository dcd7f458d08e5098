/**
 * Whether the events of a runtime still come in. A connection over which nothing comes may be a quiet runtime's, or
 * one whose other end is gone without a word: lists, taken over connections of their own, tell the two apart.
 *
 * @module
 */
import type { ContainerSummary } from "./runtime.ts";

/** Compares lists with what events named in between. Pure. */
export class HeardChanges {
  #listed: Map<string, boolean> | null = null;
  /** Containers named since the last list. */
  #named = new Set<string>();

  /** Notes that an event named this container. */
  name(id: string): void {
    this.#named.add(id);
  }

  /** Whether an event named it since the last list. */
  wasNamed(id: string): boolean {
    return this.#named.has(id);
  }

  /**
   * Containers that appeared, vanished, began to run or ended since the list before and that no event named. Their
   * event may still be under way: ask {@linkcode wasNamed} a moment later.
   */
  unheard(containers: readonly ContainerSummary[]): string[] {
    const [before, named] = [this.#listed, this.#named];
    const now = new Map(containers.map(({ id, running }) => [id, running]));
    this.#listed = now;
    this.#named = new Set();
    if (before === null) return [];
    const ids = new Set([...before.keys(), ...now.keys()]);
    return [...ids].filter((id) => before.get(id) !== now.get(id) && !named.has(id));
  }
}
