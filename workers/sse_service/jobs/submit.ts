/**
 * Accepting a job: durable in Postgres before the answer, so that it is carried out whatever happens next.
 *
 * @module
 */
import type { JSONValue } from "postgres";
import { begin } from "lib/job/workflow.ts";
import type { JobParams } from "lib/job/job_params.ts";
import type { Sql } from "lib/store/open.ts";
import { inTransaction } from "lib/store/transaction.ts";
import { createWorkflow, findWorkflow, lockJob, recordTransition } from "lib/store/workflows.ts";

/** `conflict`: there is a job of this id with other parameters. */
export type Submission = "submitted" | "already_submitted" | "conflict";

/** Accepts the job, or finds that it was accepted before. `now` in ms since 1970. @throws {OutageError} */
export async function submit(
  sql: Sql,
  jobId: string,
  { params, now }: { params: JobParams; now: number },
): Promise<Submission> {
  return await inTransaction(sql, `accept job "${jobId}"`, async (tx): Promise<Submission> => {
    await lockJob(tx, jobId);
    const { flow, transition } = begin();
    if (await createWorkflow(tx, jobId, params as unknown as JSONValue, flow)) {
      await recordTransition(tx, jobId, transition, now);
      return "submitted";
    }
    const known = await findWorkflow(tx, jobId);
    return canonical(known?.params) === canonical(params) ? "already_submitted" : "conflict";
  });
}

/** JSON with sorted keys: Postgres does not keep their order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner) => {
    if (inner === null || typeof inner !== "object" || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => a < b ? -1 : 1));
  });
}
