/**
 * A dead letter as it is found in its stream (wire.md §5), and what can be known of the entry it was. Pure.
 *
 * @module
 */
import { entryIdParts } from "../entry_id.ts";

/** What is enough to decide what to do with a dead letter; small, whatever its bytes. */
export interface LetterHead {
  /** Its own id in the stream of dead letters; begins with the time of its dead-lettering (ms since 1970). */
  readonly id: string;
  /** Key of the stream that the entry was in; empty if the letter does not say. */
  readonly originStream: string;
  /** The id that the entry had there at first: its place in the order of its job. Empty if the letter does not say. */
  readonly originId: string;
  /** The job its bytes name, even where they are no proper event; null if they name none. */
  readonly jobId: string | null;
  /** Why consumers would not understand the bytes today; null if they would. */
  readonly fault: string | null;
  /** Size of the original bytes. */
  readonly size: number;
}

/** A whole dead letter. What the reference's letters lack is null. */
export interface FoundLetter extends LetterHead {
  /** The original bytes. */
  readonly data: Uint8Array;
  readonly reason: string;
  readonly error: string | null;
  readonly deliveries: number | null;
  /** When a consumer first saw the entry (ms since 1970). */
  readonly firstSeen: number | null;
  /** When it was dead-lettered (ms since 1970). */
  readonly at: number;
}

/** Reads an event the way its consumers do; throws if it is none. */
export type DecodeEvent = (data: string) => unknown;

/** Longest `fault` kept (characters). */
const MAX_FAULT = 500;

/** Reads a dead letter; whatever is missing in it or strange, there is an answer. */
export function foundLetter(id: string, fields: readonly Uint8Array[], decode: DecodeEvent): FoundLetter {
  const byName = new Map<string, Uint8Array>();
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const [name, value] = [fields[i], fields[i + 1]];
    if (name && value) byName.set(lossy.decode(name), value);
  }
  const text = (name: string) => {
    const bytes = byName.get(name);
    return bytes ? lossy.decode(bytes) : null;
  };
  const number = (name: string) => {
    const value = text(name);
    return value !== null && /^\d{1,15}$/.test(value) ? Number(value) : null;
  };
  const data = byName.get("data") ?? new Uint8Array();
  return {
    id,
    originStream: text("origin_stream") ?? "",
    originId: text("origin_id") ?? "",
    jobId: jobIdIn(data),
    fault: faultOf(data, decode),
    size: data.length,
    data,
    reason: text("reason") ?? "",
    error: text("error"),
    deliveries: number("deliveries"),
    firstSeen: number("first_seen"),
    at: number("ts") ?? entryIdParts(id)[0],
  };
}

/** The letter without its bytes, for lists of many. */
export function headOf({ id, originStream, originId, jobId, fault, size }: LetterHead): LetterHead {
  return { id, originStream, originId, jobId, fault, size };
}

const lossy = new TextDecoder();
const strict = new TextDecoder("utf-8", { fatal: true });

function jobIdIn(data: Uint8Array): string | null {
  try {
    const jobId = (JSON.parse(lossy.decode(data)) as { job_id?: unknown } | null)?.job_id;
    return typeof jobId === "string" && jobId !== "" ? jobId : null;
  } catch {
    return null;
  }
}

function faultOf(data: Uint8Array, decode: DecodeEvent): string | null {
  let text: string;
  try {
    text = strict.decode(data);
  } catch {
    return "its bytes are no UTF-8";
  }
  try {
    decode(text);
    return null;
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).slice(0, MAX_FAULT);
  }
}
