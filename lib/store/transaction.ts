import { type Sql, withOutage } from "./open.ts";

/**
 * Runs `body` in one transaction: all of it commits, or none. `attempt` says what is tried, for the error.
 *
 * @throws {OutageError} when Postgres is away; whether the transaction committed is then unknown.
 */
export async function inTransaction<T>(sql: Sql, attempt: string, body: (tx: Sql) => Promise<T>): Promise<T> {
  const result = await withOutage(attempt, () => sql.begin((tx) => body(tx as unknown as Sql)));
  return result as T;
}
