/**
 * How far each shard's status events are recorded (table `status_progress`). A shard's events are recorded one at a
 * time in the order of its stream, those too whose tasks got lost (`workers/task_worker/process_status.ts`), so
 * everything up to this entry is in Postgres or in the dead letters.
 *
 * @module
 */
import { entryIdParts, FIRST_ENTRY_ID } from "../stream/entry_id.ts";
import type { Sql } from "./open.ts";

/** Notes that everything up to `entryId` of the shard is dealt with; never goes back. */
export async function noteProgress(sql: Sql, shard: number, entryId: string): Promise<void> {
  const [ms, seq] = entryIdParts(entryId);
  await sql`
    INSERT INTO status_progress AS known (shard, entry_ms, entry_seq) VALUES (${shard}, ${ms}, ${seq})
    ON CONFLICT (shard) DO UPDATE SET entry_ms = excluded.entry_ms, entry_seq = excluded.entry_seq
    WHERE (excluded.entry_ms, excluded.entry_seq) > (known.entry_ms, known.entry_seq)`;
}

/** Id up to which the shard's status events are dealt with. */
export async function recordedUpTo(sql: Sql, shard: number): Promise<string> {
  const [row] = await sql`
    SELECT entry_ms || '-' || entry_seq AS entry_id FROM status_progress WHERE shard = ${shard}`;
  return row?.entry_id ?? FIRST_ENTRY_ID;
}
