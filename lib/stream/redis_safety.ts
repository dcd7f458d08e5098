/**
 * What a Redis server says about how it keeps data, and what of that would cost events.
 *
 * @module
 */

/** What is wrong with how a Redis keeps data. */
export interface SafetyReport {
  /** Why events are lost without any fault happening; null if they are not. */
  readonly losing: string | null;
  /** What would be lost when something does happen. */
  readonly warnings: readonly string[];
}

/**
 * Reads the answer to `INFO`; null: the server refuses to tell. `sentinel`: whether its primary may change.
 * Pure.
 */
export function readSafety(info: string | null, { sentinel }: { sentinel: boolean }): SafetyReport {
  if (info === null) {
    return { losing: null, warnings: ["Redis does not let us see how it keeps data: allow this user INFO"] };
  }
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
  const warnings: string[] = [];
  if (policy === undefined) warnings.push("Redis does not tell its maxmemory-policy: it must be noeviction");
  if (/^aof_enabled:0/m.test(info)) {
    warnings.push(
      "Redis keeps no append-only file: what it holds is lost when it restarts. Set appendonly yes",
    );
  }
  // Told only where it is on.
  if (sentinel && !/^min_slaves_good_slaves:/m.test(info)) {
    warnings.push(
      "a primary that was cut off goes on taking events, which are lost: set min-replicas-to-write 1",
    );
  }
  const evicts = policy !== undefined && policy !== "noeviction";
  return {
    losing: evicts
      ? `maxmemory-policy is "${policy}": Redis would drop events when it is full. Set it to noeviction`
      : null,
    warnings,
  };
}
