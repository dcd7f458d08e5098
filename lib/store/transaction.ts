import { type Sql, withOutage } from "./open.ts";

/**
 * A transaction that holds a lock which others wait for, and asks nothing for so long (ms), is ended by the server: its
 * process is frozen, or its machine is gone. What it has not committed is done again.
 */
export const STANDSTILL_MS = 30_000;

/**
 * Runs `body` in one transaction: all of it commits, or none. `attempt` says what is tried, for the error.
 *
 * @throws {OutageError} when Postgres is away; whether the transaction committed is then unknown.
 */
export async function inTransaction<T>(sql: Sql, attempt: string, body: (tx: Sql) => Promise<T>): Promise<T> {
  const result = await withOutage(attempt, () => sql.begin((tx) => body(tx as unknown as Sql)));
  return result as T;
}
