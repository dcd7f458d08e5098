/**
 * One at a time orders and deletes a job's containers. pfcon cannot tell a late order from a new one: a worker that
 * was stopped just before its call, and goes on when another one has long done the work, would have the step run
 * twice, over the log of the first run. So whoever is at it holds a lock in Postgres, which lasts until it is done
 * or its connection is gone.
 *
 * @module
 */
import type { Sql } from "./open.ts";
import { inTransaction } from "./transaction.ts";

/** Another worker is ordering or deleting the job's containers; that is tried again. */
export class JobBusyError extends Error {
  override readonly name = "JobBusyError";
}

/** Having the turn. */
export interface Turn {
  /** Call it just before what only the holder may do. @throws {Error} if the turn is lost. */
  confirm(): Promise<void>;
}

/**
 * Runs `body` in the job's turn. It takes a connection of its own all the while, beside those that `body` uses.
 *
 * @throws {JobBusyError} if it is another worker's turn.
 * @throws {OutageError} if the connection that holds the turn is lost; `body` may still be running then.
 */
export async function inJobTurn<T>(
  sql: Sql,
  jobId: string,
  body: (turn: Turn) => Promise<T>,
): Promise<T> {
  return await inTransaction(sql, `work on the containers of job "${jobId}"`, async (tx) => {
    const [lock] =
      await tx`SELECT pg_try_advisory_xact_lock(hashtextextended(${`turn of ${jobId}`}, 0)) AS taken`;
    if (!lock?.taken) {
      throw new JobBusyError(`Cannot work on the containers of job "${jobId}": another worker is at it`);
    }
    // It stands still as long as pfcon pulls an image; but of a worker whose machine is gone the server knows soon.
    await tx`
      SELECT set_config('idle_in_transaction_session_timeout', '0', true),
        set_config('tcp_keepalives_idle', '30', true), set_config('tcp_keepalives_interval', '10', true),
        set_config('tcp_keepalives_count', '3', true)`;
    return await body({ confirm: async () => void await tx`SELECT 1` });
  });
}
