import type { Sql } from "lib/store/open.ts";

/** Puts a job's log of so many lines into the log store, as the log consumer would have. */
export async function jobWithLog(sql: Sql, jobId: string, lines: number): Promise<void> {
  await sql`
    INSERT INTO job_logs (entry_ms, entry_seq, timestamp, seq, eos, job_id, event_id, job_type, stream,
      container_name, container_id, line)
    SELECT 1768478400000 + seq / 10, seq % 10, timestamptz '2026-01-15 10:00:00+00' + seq * interval '123 microseconds',
      seq, false, ${jobId}, lpad(to_hex(seq), 24, '0'), 'plugin', 'stdout', ${jobId}, repeat('c', 64),
      'step ' || seq || ': registered volume without a fault, ' || repeat('x', (seq % 60)::integer)
    FROM generate_series(1, ${lines}::bigint) AS seq`;
  await sql`ANALYZE job_logs`;
}
