import { UnstorableLogError } from "./unstorable_log_error.ts";

/** Quickwit takes 10 MB a request; whether that means 10,000,000 or 10 · 2^20 bytes, this is within. */
export const MAX_BODY_BYTES = 10_000_000;

/**
 * Documents, each a line with its newline, as the bodies of as few requests as may be. Pure.
 *
 * @throws {UnstorableLogError} if one document alone is too large.
 */
export function ndjsonBodies(
  documents: readonly string[],
  maxBytes: number = MAX_BODY_BYTES,
): Uint8Array<ArrayBuffer>[] {
  const encoder = new TextEncoder();
  const bodies: Uint8Array<ArrayBuffer>[] = [];
  let body = "";
  let bytes = 0;
  for (const document of documents) {
    const length = encoder.encode(document).length;
    if (length > maxBytes) {
      throw new UnstorableLogError(
        `Cannot store a document of ${length} bytes: quickwit takes at most ${maxBytes}`,
      );
    }
    if (bytes + length > maxBytes) {
      bodies.push(encoder.encode(body));
      body = "";
      bytes = 0;
    }
    body += document;
    bytes += length;
  }
  if (bytes > 0) bodies.push(encoder.encode(body));
  return bodies;
}
