/**
 * Cursors: a place in one listing, opaque to clients. Pure.
 *
 * A cursor is bound to what was listed by a checksum, so that one of another job, filter or search is refused
 * rather than taken for a place where it has none. It guards against mistakes, not against lies: a cursor names
 * nothing that its holder could not list anyway.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { z } from "@zod/zod";
import { entryIdParts, isEntryId } from "lib/stream/entry_id.ts";

const Count = z.int().min(0);
/** Stores count in 64 bits, and we in 53. */
const EntryId = z.string().refine((id) => isEntryId(id) && entryIdParts(id).every(Number.isSafeInteger));
/** A line's place in the REST API's pages. */
export const LineCursor = z.tuple([EntryId, z.string().max(300), Count, Count, EntryId]);
/** A match's place in a search. */
export const MatchCursor = z.tuple([EntryId, z.string().max(300), Count, Count, Count, z.boolean()]);

/** Longest cursor that is looked at. */
export const MAX_CURSOR_CHARS = 1_000;

/** What a cursor belongs to: kind of listing, job, filter. */
export type Listing = readonly (string | boolean | undefined)[];

/** `values` as a cursor of `listing`. */
export function encodeCursor(listing: Listing, values: readonly unknown[]): string {
  const json = JSON.stringify(values);
  return `${checksum(listing, json)}${toBase64Url(json)}`;
}

/** The values of a cursor, or null if it is none of this listing. */
export function decodeCursor<Schema extends z.ZodType>(
  schema: Schema,
  listing: Listing,
  text: string,
): z.infer<Schema> | null {
  if (text.length > MAX_CURSOR_CHARS || !/^[A-Za-z0-9_-]+$/.test(text)) return null;
  try {
    const json = fromBase64Url(text.slice(CHECKSUM_CHARS));
    if (text !== `${checksum(listing, json)}${toBase64Url(json)}`) return null;
    const parsed = schema.safeParse(JSON.parse(json));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

const CHECKSUM_CHARS = 12;

function checksum(listing: Listing, json: string): string {
  const text = JSON.stringify([listing.map((part) => part ?? null), json]);
  return createHash("sha256").update(text, "utf8").digest("base64url").slice(0, CHECKSUM_CHARS);
}

function toBase64Url(text: string): string {
  return new TextEncoder().encode(text).toBase64({ alphabet: "base64url", omitPadding: true });
}

function fromBase64Url(text: string): string {
  const bytes = Uint8Array.fromBase64(text, { alphabet: "base64url" });
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}
