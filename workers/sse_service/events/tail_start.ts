import type { LineMark } from "lib/log_store/log_store.ts";
import { compareEntryIds, FIRST_ENTRY_ID } from "lib/stream/entry_id.ts";
import { redisCall } from "lib/stream/redis_script.ts";
import { acknowledgedUpTo, beforeEntry, readRange } from "lib/stream/tail.ts";
import { decodeEntry, jobIdOf } from "./entry.ts";
import type { LogSources } from "./log_pages.ts";

/** Most lines asked of the log store at once. */
const PAGE = 2_000;
/** Behind every line there can be. As all are before it, the store has nothing to count. */
const END_ID = "999999999999999-0";
const COUNTED = { offset: 0, total: 1, countedTo: END_ID };

/**
 * The position in a job's log after which `lines` lines follow up to `tip`: counted from the end, first in the stream
 * as far as it is not stored yet, then in the log store. Costs what these lines cost, however long the log.
 */
export async function tailStart(
  sources: LogSources,
  jobId: string,
  { lines, stream, tip }: { lines: number; stream: string; tip: string },
): Promise<string> {
  if (lines === 0) return tip;
  const { redis, logStore, logGroup } = sources;
  const settled = await redisCall("read the log's progress", () => acknowledgedUpTo(redis, stream, logGroup));
  const storedBefore = async (place: Pick<LineMark, "entryId" | "eventId">) => {
    const before = { ...COUNTED, ...place };
    return (await logStore.page(jobId, { limit: Math.min(lines, PAGE), from: { before } })).lines;
  };
  let page = await storedBefore({ entryId: END_ID, eventId: "" });
  const stored = page.at(-1)?.entryId ?? FIRST_ENTRY_ID;
  const after = compareEntryIds(stored, settled) > 0 ? stored : settled;
  const unstored = await lastUnstored(sources, jobId, { lines, stream, after, tip });
  if (unstored.length >= lines) return beforeEntry(unstored[0] ?? tip);
  let rest = lines - unstored.length;
  for (let oldest = page[0]; oldest; oldest = page[0]) {
    const first = rest <= page.length ? page.at(-rest) : undefined;
    if (first) return beforeEntry(first.entryId);
    rest -= page.length;
    page = await storedBefore({ entryId: oldest.entryId, eventId: oldest.event.event_id });
  }
  return FIRST_ENTRY_ID;
}

/** Ids of the last lines that are in the stream only, at most `lines`. */
async function lastUnstored(
  { redis }: LogSources,
  jobId: string,
  { lines, stream, after, tip }: { lines: number; stream: string; after: string; tip: string },
): Promise<string[]> {
  const ids: string[] = [];
  await redisCall("read the log's stream", async () => {
    for await (const page of readRange(redis, stream, { after, until: tip })) {
      for (const found of page) {
        const entry = jobIdOf(found.data) === jobId ? decodeEntry("logs", found, jobId) : null;
        const isMarker = (entry?.step?.place ?? 0) % 2 === 1;
        if (entry && !isMarker) ids.push(entry.id);
      }
      ids.splice(0, Math.max(0, ids.length - lines));
    }
  });
  return ids;
}
