import { assert, assertEquals } from "@std/assert";
import { WORKFLOW_STEPS } from "lib/event/workflow.ts";
import type { Sql } from "lib/store/open.ts";

/** Asserts what must hold of one job's rows at any time: no confirmation without its record, no way back. */
export async function assertSoundRecord(sql: Sql): Promise<void> {
  const [early] = await sql`
    SELECT event FROM job_outbox o WHERE stream = 'status' AND NOT EXISTS (
      SELECT 1 FROM job_status_history h WHERE h.event ->> 'status' = o.event ->> 'previous_status'
        AND h.event ->> 'job_type' = o.event ->> 'job_type')`;
  assertEquals(early, undefined, "a confirmation is early");
  const moves = await sql`SELECT current_step, current_step_status FROM job_workflow_events ORDER BY id`;
  let last = 0;
  for (const { current_step, current_step_status } of moves) {
    const step = WORKFLOW_STEPS.indexOf(current_step);
    assert(step >= last || current_step_status === "retrying", "a workflow event goes backwards");
    last = step;
  }
}
