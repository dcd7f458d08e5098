/**
 * Jobs named by patterns, as in a token's claim `jobs` (http.md): an id, or the beginning of ids followed by `*`.
 *
 * @module
 */

/** Whether some pattern names the job; null lets all in. */
export function namesJob(patterns: readonly string[] | null, jobId: string): boolean {
  return patterns === null ||
    patterns.some((pattern) =>
      pattern.endsWith("*") ? jobId.startsWith(pattern.slice(0, -1)) : jobId === pattern
    );
}
