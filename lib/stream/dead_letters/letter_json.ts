/**
 * Dead letters as objects for programs: what the command line writes and the REST API answers. Pure.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { FoundLetter, LetterHead } from "./found_letter.ts";
import type { LetterKind } from "./letter_sources.ts";

/** Which letter it is. */
export function letterHeadJson(stream: LetterKind, letter: LetterHead) {
  return {
    stream,
    id: letter.id,
    job_id: letter.jobId,
    origin_stream: letter.originStream,
    origin_id: letter.originId,
    fault: letter.fault,
    size: letter.size,
  };
}

/** A letter without its bytes. Times are milliseconds since 1970. */
export function listedLetterJson(stream: LetterKind, letter: Omit<FoundLetter, "data">) {
  return {
    ...letterHeadJson(stream, letter),
    reason: letter.reason,
    error: letter.error,
    deliveries: letter.deliveries,
    first_seen: letter.firstSeen,
    ts: letter.at,
  };
}

/** A letter with its bytes: as text if they are text, else in base64. */
export function letterJson(stream: LetterKind, letter: FoundLetter) {
  return { ...listedLetterJson(stream, letter), ...bytesJson(letter.data) };
}

function bytesJson(data: Uint8Array): { data: string } | { data_base64: string } {
  try {
    return { data: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data) };
  } catch {
    return { data_base64: Buffer.from(data).toString("base64") };
  }
}
