/**
 * Server-sent events as text. Pure.
 *
 * @module
 */

/** Pause before a client connects again (ms), told to it at the beginning of each stream. */
export const RETRY_MS = 2_000;

/** What is sent when nothing happens, so that proxies and clients see a live connection. */
export const HEARTBEAT = ": keep-alive\n\n";

/** The first bytes of each stream. */
export const PREAMBLE = `retry: ${RETRY_MS}\n\n`;

/** One event. `data` must be free of line breaks, as compact JSON is. */
export function sseEvent(event: string, id: string, data: string): string {
  return `event: ${event}\nid: ${id}\ndata: ${data}\n\n`;
}
