/**
 * The cursor of a list of jobs, which clients hand back as it is: the place of the last job they were shown.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { JobPlace } from "lib/store/job_list.ts";

/** Latest time that both JavaScript and Postgres can tell exactly (microseconds since 1970; the year 2255). */
const MAX_US = 9_000_000_000_000_000;
/** Longest id that a cursor may hold (bytes). */
const MAX_ID = 1_024;

/** The place as a cursor. */
export function listCursor({ createdUs, jobId }: JobPlace): string {
  return Buffer.from(`${createdUs}.${jobId}`).toString("base64url");
}

/** The place that a cursor means; null if the text is no cursor. */
export function placeOf(cursor: string): JobPlace | null {
  if (!/^[\w-]+$/.test(cursor)) return null;
  const [, us, jobId] = /^(\d{1,16})\.([^\0]+)$/s.exec(textIn(cursor)) ?? [];
  if (us === undefined || jobId === undefined) return null;
  if (Number(us) > MAX_US || jobId.length > MAX_ID) return null;
  return { createdUs: Number(us), jobId };
}

function textIn(cursor: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
      Buffer.from(cursor, "base64url"),
    );
  } catch {
    return "";
  }
}
