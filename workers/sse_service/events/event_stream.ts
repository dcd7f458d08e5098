/**
 * Server-sent events as text and bytes. Pure.
 *
 * @module
 */

/** Pause before a client connects again (ms), told to it at the beginning of each stream. */
export const RETRY_MS = 2_000;

const encoder = new TextEncoder();

/** Text as it is sent. */
export function asBytes(text: string): Uint8Array {
  return encoder.encode(text);
}

/** What is sent when nothing happens, so that proxies and clients see a live connection. */
export const HEARTBEAT = asBytes(": keep-alive\n\n");

/** The first bytes of each stream. */
export const PREAMBLE = retryAfter(RETRY_MS);

/** Tells a client to wait so long (ms) before it connects again. */
export function retryAfter(ms: number): Uint8Array {
  return asBytes(`retry: ${ms}\n\n`);
}

/** One event. `data` must be free of line breaks, as compact JSON is. */
export function sseEvent(event: string, id: string, data: string): string {
  return `event: ${event}\nid: ${id}\ndata: ${data}\n\n`;
}
