import { Buffer } from "node:buffer";
import type { Letter, LetterHead, ListedLetter } from "lib/client/chris_client.ts";
import type { FoundLetter, LetterHead as FoundHead } from "lib/stream/dead_letters/found_letter.ts";

/** What the service tells of a letter, as those who read it from Redis find it; without its bytes in a list. Pure. */
export function foundLetterOf(letter: ListedLetter & Partial<Letter>): FoundLetter {
  return {
    ...foundHeadOf(letter),
    reason: letter.reason,
    error: letter.error,
    deliveries: letter.deliveries,
    firstSeen: letter.first_seen,
    at: letter.ts,
    data: letterBytes(letter),
  };
}

/** The same for what any answer about a letter tells. Pure. */
export function foundHeadOf(head: LetterHead): FoundHead {
  return {
    id: head.id,
    originStream: head.origin_stream,
    originId: head.origin_id,
    jobId: head.job_id,
    fault: head.fault,
    size: head.size,
  };
}

/** The original bytes; none for a letter of a list. Pure. */
export function letterBytes({ data, data_base64 }: Partial<Letter>): Uint8Array {
  return data_base64 === undefined
    ? new TextEncoder().encode(data ?? "")
    : Buffer.from(data_base64, "base64");
}
