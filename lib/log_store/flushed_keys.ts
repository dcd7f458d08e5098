/**
 * Keys that prove a container's log durable up to its end of stream (wire.md §5).
 *
 * @module
 */

/** The reference's key: per job and step, kept for an hour. */
export function logsFlushedKey(jobId: string, jobType: string): string {
  return `job:${jobId}:${jobType}:logs_flushed`;
}

/** How long the reference's key lives (seconds). */
export const LOGS_FLUSHED_TTL_SECONDS = 3_600;

/**
 * Our own proof, per container: it cannot be mistaken for that of an earlier container of the same name, and it
 * outlives a long outage of whoever waits for it.
 */
export function containerFlushedKey(containerId: string): string {
  return `chris:logs-flushed:${containerId}`;
}

/** How long our own proof lives (seconds): a week. */
export const CONTAINER_FLUSHED_TTL_SECONDS = 604_800;
