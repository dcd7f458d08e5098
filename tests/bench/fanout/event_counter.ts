/**
 * Counts server-sent events in bytes as they come, without reading them.
 *
 * @module
 */

const NEWLINE = 10;

/** Ends of events in `bytes[0, length)`; `ended` tells whether what came before ended with a newline. Pure. */
export function countEvents(bytes: Uint8Array, length: number, ended: boolean): number {
  let count = ended && length > 0 && bytes[0] === NEWLINE ? 1 : 0;
  // Two newlines in a row cannot both be at even places, so every second byte is enough.
  for (let at = 1; at < length; at += 2) {
    if (bytes[at] !== NEWLINE) continue;
    if (bytes[at - 1] === NEWLINE) count++;
    if (at + 1 < length && bytes[at + 1] === NEWLINE) count++;
  }
  return count;
}
