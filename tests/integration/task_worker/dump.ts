import type { Sql } from "lib/store/open.ts";

/**
 * Everything that Postgres knows of jobs, but for what must differ from run to run (row ids, times of recording,
 * stream positions). Outgoing events are in their order.
 */
export async function dump(sql: Sql): Promise<Record<string, unknown[]>> {
  const tables = {
    status: sql`SELECT * FROM job_status ORDER BY job_id, job_type`,
    workflows:
      sql`SELECT job_id, current_step, status, params, held, error FROM job_workflow ORDER BY job_id`,
    steps: sql`
      SELECT job_id, step, outcome, exit_code, reason, ordered_at IS NOT NULL AS ordered, ended_at, start_attempts,
        last_error
      FROM job_step ORDER BY job_id, step`,
    transitions: sql`
      SELECT job_id, current_step, current_step_status, workflow_status, error, event_id, created_at
      FROM job_workflow_events ORDER BY id`,
    history: sql`SELECT job_id, event_id, event FROM job_status_history ORDER BY job_id, event_id`,
    outbox: sql`
      SELECT job_id, stream, event, published_at IS NOT NULL AS published FROM job_outbox ORDER BY id`,
  };
  const contents: Record<string, unknown[]> = {};
  for (const [name, rows] of Object.entries(tables)) contents[name] = [...await rows];
  return contents;
}
