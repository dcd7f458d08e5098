// deno-lint-ignore-file project/process-at-the-edge -- the environment is hidden here, not read
/**
 * The connection to Postgres.
 *
 * @module
 */
import process from "node:process";
import postgres from "postgres";
import { addArrayTypes, COLUMN_TYPES } from "./column_types.ts";
import { survivingBegin } from "./surviving_begin.ts";

export { asOutage, withOutage } from "./outage.ts";

/** What queries are asked of: `sql` of postgres.js, inside a transaction or not. */
export type Sql = postgres.Sql;

/** The `sql` of one transaction. */
export type Transaction = postgres.TransactionSql;

/** A pool that whoever opened it closes with `await using`. */
export type PostgresPool = Sql & AsyncDisposable;

/** Settings of the pool. */
export interface PostgresOptions {
  /** Connections at most. @default 4 */
  readonly max?: number;
  /** What the server shows this client as. @default "chris-streaming" */
  readonly applicationName?: string;
  /** Time to connect in seconds. @default 5 */
  readonly connectTimeoutS?: number;
  /** Time that statements in hand get when the pool is closed, in seconds. @default 2 */
  readonly closeTimeoutS?: number;
}

/**
 * Opens a pool on `dsn` (`postgres://user:password@host:port/database?sslmode=require`). Nothing is sent before the
 * first query, so the server may come later.
 *
 * Everything comes from `dsn` and `options`, nothing from `PG*` variables. Failures are told as postgres.js tells
 * them: see {@link withOutage}. How values travel: `COLUMN_TYPES`.
 */
export function openPostgres(dsn: string, options: PostgresOptions = {}): PostgresPool {
  const sql = withoutEnvironment(() =>
    postgres(dsn, {
      max: options.max ?? 4,
      connect_timeout: options.connectTimeoutS ?? 5,
      keep_alive: 30,
      max_lifetime: null,
      backoff: () => 0.2, // callers wait by themselves, see backoffMs()
      fetch_types: false,
      types: COLUMN_TYPES,
      onnotice: () => {},
      connection: { application_name: options.applicationName ?? "chris-streaming", TimeZone: "UTC" },
    })
  );
  addArrayTypes(sql as Sql);
  return Object.assign(sql as Sql, {
    begin: survivingBegin(sql.begin as Sql["begin"]),
    [Symbol.asyncDispose]: () => sql.end({ timeout: options.closeTimeoutS ?? 2 }),
  });
}

/**
 * postgres.js looks up some twenty `PG*` variables whatever it is given. A worker may not read the environment,
 * and settings that nobody sees should not decide: for the moment of the call there is none.
 */
function withoutEnvironment<T>(fn: () => T): T {
  const environment = process.env;
  process.env = {};
  try {
    return fn();
  } finally {
    process.env = environment;
  }
}
