/**
 * Brings a database to the schema this code needs.
 *
 * @module
 */
import { createHash } from "node:crypto";
import jobs from "./migrations/0001_jobs.sql" with { type: "text" };
import jobLogs from "./migrations/0002_job_logs.sql" with { type: "text" };
import relayProgress from "./migrations/0003_relay_progress.sql" with { type: "text" };
import conflictSince from "./migrations/0004_conflict_since.sql" with { type: "text" };
import control from "./migrations/0005_control.sql" with { type: "text" };
import restPages from "./migrations/0006_rest_pages.sql" with { type: "text" };
import outboxTrace from "./migrations/0008_outbox_trace.sql" with { type: "text" };
import type { Sql, Transaction } from "./open.ts";
import { withOutage } from "./outage.ts";

/** One step of the schema. Once released it is never edited: a change is a further step. */
export interface Migration {
  /** File name without `.sql`; the number in front of it is its place. */
  readonly name: string;
  readonly sql: string;
}

/** All steps, in order. */
export const MIGRATIONS: readonly Migration[] = [
  { name: "0001_jobs", sql: jobs },
  { name: "0002_job_logs", sql: jobLogs },
  { name: "0003_relay_progress", sql: relayProgress },
  { name: "0004_conflict_since", sql: conflictSince },
  { name: "0005_control", sql: control },
  { name: "0006_rest_pages", sql: restPages },
  { name: "0008_outbox_trace", sql: outboxTrace },
];

/** The database is not one that this code can work with; trying again does not help. */
export class MigrationError extends Error {
  override readonly name = "MigrationError";
}

/** Any number that nobody else locks: all processes that migrate take turns at it. */
const LOCK = 7_316_548_201;
/** Longest wait for a lock (ms): a process that is asked to stop hears it between two tries. */
const LOCK_WAIT_MS = 2_000;

/**
 * Applies the steps that the database has not had yet, each in a transaction of its own. Any number of processes
 * may do this at once; where there is nothing to do, none waits for another. Steps that only a newer version of this
 * code knows are left alone.
 *
 * @throws {MigrationError} if an applied step was another one than this code has, or the encoding is not UTF-8.
 * @throws {OutageError} when Postgres is away, or another process takes long.
 */
export async function migrate(sql: Sql, migrations: readonly Migration[] = MIGRATIONS): Promise<void> {
  const applied = await withOutage("look up applied migrations", () => appliedSteps(sql));
  for (const migration of migrations) {
    if (isApplied(migration, applied.get(migration.name))) continue;
    await withOutage(
      `apply migration "${migration.name}"`,
      () => sql.begin((tx) => applyOnce(tx, migration)),
    );
  }
}

/** Checksums of the steps that the database has had, by name. */
async function appliedSteps(sql: Sql): Promise<Map<string, string>> {
  const [table] = await sql`SELECT to_regclass('schema_migrations') IS NOT NULL AS there`;
  const rows = table?.there ? await sql`SELECT name, checksum FROM schema_migrations` : [];
  return new Map(rows.map(({ name, checksum }) => [name, checksum]));
}

/** `checksum`: that of the step which the database has had. @throws {MigrationError} if it was another one. */
function isApplied({ name, sql }: Migration, checksum: string | undefined): boolean {
  if (checksum === undefined) return false;
  const own = checksumOf(sql);
  if (checksum === own) return true;
  throw new MigrationError(
    `Cannot apply migration "${name}": the database has had another one of that name` +
      ` (checksum ${checksum}, here ${own})`,
  );
}

function checksumOf(sql: string): string {
  return createHash("sha256").update(sql, "utf8").digest("hex");
}

async function applyOnce(sql: Transaction, migration: Migration): Promise<void> {
  await sql.unsafe(`SET LOCAL lock_timeout = ${LOCK_WAIT_MS}`);
  await sql`SELECT pg_advisory_xact_lock(${LOCK}::bigint)`;
  const [server] = await sql`SHOW server_encoding`;
  if (server?.server_encoding !== "UTF8") {
    throw new MigrationError(
      `Cannot use a database with encoding ${server?.server_encoding}: it must be UTF8`,
    );
  }
  await sql`CREATE TABLE IF NOT EXISTS schema_migrations (
    name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`;
  const [applied] = await sql`SELECT checksum FROM schema_migrations WHERE name = ${migration.name}`;
  if (isApplied(migration, applied?.checksum)) return;
  await sql.unsafe(migration.sql);
  await sql`INSERT INTO schema_migrations (name, checksum) VALUES (${migration.name}, ${
    checksumOf(migration.sql)
  })`;
}
