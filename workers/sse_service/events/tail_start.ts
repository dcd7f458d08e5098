import { compareEntryIds, FIRST_ENTRY_ID } from "lib/stream/entry_id.ts";
import { redisCall } from "lib/stream/redis_script.ts";
import { acknowledgedUpTo, beforeEntry, readRange } from "lib/stream/tail.ts";
import { decodeEntry, jobIdOf } from "./entry.ts";
import type { LogSources } from "./log_pages.ts";

/**
 * The position in a job's log after which `lines` lines follow up to `tip`: counted from the end, first in the stream
 * as far as it is not stored yet, then in the log store.
 */
export async function tailStart(
  { redis, logStore, logGroup }: LogSources,
  jobId: string,
  { lines, stream, tip }: { lines: number; stream: string; tip: string },
): Promise<string> {
  if (lines === 0) return tip;
  const settled = await redisCall("read the log's progress", () => acknowledgedUpTo(redis, stream, logGroup));
  const { total } = await logStore.page(jobId, { limit: 1, from: { offset: 0 } });
  const lineAt = async (offset: number) =>
    (await logStore.page(jobId, { limit: 1, from: { offset } })).lines[0]?.entryId ?? FIRST_ENTRY_ID;
  const stored = total === 0 ? FIRST_ENTRY_ID : await lineAt(total - 1);
  const after = compareEntryIds(stored, settled) > 0 ? stored : settled;
  const unstored: string[] = [];
  await redisCall("read the log's stream", async () => {
    for await (const page of readRange(redis, stream, { after, until: tip })) {
      for (const found of page) {
        const entry = jobIdOf(found.data) === jobId ? decodeEntry("logs", found, jobId) : null;
        const isMarker = (entry?.step?.place ?? 0) % 2 === 1;
        if (entry && !isMarker) unstored.push(entry.id);
      }
      unstored.splice(0, Math.max(0, unstored.length - lines));
    }
  });
  if (unstored.length >= lines) return beforeEntry(unstored[0] ?? tip);
  const rest = lines - unstored.length;
  return rest >= total ? FIRST_ENTRY_ID : beforeEntry(await lineAt(total - rest));
}
