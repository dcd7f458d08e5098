/**
 * Dead letters as the REST API shows them. Pure.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { z } from "@hono/zod-openapi";
import type { FoundLetter, LetterHead } from "lib/stream/dead_letters/found_letter.ts";
import type { LetterKind } from "lib/stream/dead_letters/letter_sources.ts";
import type { Requeued } from "lib/stream/dead_letters/requeue.ts";
import type { LetterView, ListedLetterView, RequeueOutcome } from "./schemas.ts";

/** A letter without its bytes. */
export function listedLetterView(
  stream: LetterKind,
  letter: Omit<FoundLetter, "data">,
): z.infer<typeof ListedLetterView> {
  return {
    ...headView(stream, letter),
    reason: letter.reason,
    error: letter.error,
    deliveries: letter.deliveries,
    first_seen: letter.firstSeen,
    ts: letter.at,
  };
}

/** A letter with its bytes: as text if they are text, else in base64. */
export function letterView(stream: LetterKind, letter: FoundLetter): z.infer<typeof LetterView> {
  return { ...listedLetterView(stream, letter), ...bytesView(letter.data) };
}

/** What became of a letter. */
export function requeueOutcome(
  stream: LetterKind,
  { letter, outcome, entryId, why }: Requeued,
): z.infer<typeof RequeueOutcome> {
  return { outcome, ...headView(stream, letter), entry_id: entryId, why };
}

function headView(stream: LetterKind, letter: LetterHead) {
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

function bytesView(data: Uint8Array): { data: string } | { data_base64: string } {
  try {
    return { data: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data) };
  } catch {
    return { data_base64: Buffer.from(data).toString("base64") };
  }
}
