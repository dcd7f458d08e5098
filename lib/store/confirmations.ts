/**
 * Confirmations in an order that readers can rely on (table `job_confirmation`): once a reader was shown a number,
 * nothing ever appears below it.
 *
 * Transactions commit in another order than they write in. So a confirmation is written without a number, and
 * whoever reads gives the next numbers to those that are committed and have none; one at a time, in a transaction of
 * its own. A job's confirmations are numbered in their order, as they are written one at a time.
 *
 * @module
 */
import { StatusEvent } from "../event/status.ts";
import { type Sql, withOutage } from "./open.ts";
import { inTransaction, STANDSTILL_MS } from "./transaction.ts";

/** A confirmation with its number. */
export interface NumberedConfirmation {
  readonly seq: number;
  readonly event: StatusEvent;
}

/** Which page of the confirmations. */
export interface ConfirmationQuery {
  /** Only those with a higher number. */
  readonly after: number;
  readonly limit: number;
}

/** A reader comes with a number that was never given: it has read another database. */
export class UnknownNumberError extends Error {
  override readonly name = "UnknownNumberError";
}

/**
 * The confirmations behind a number, in their order. Numbers no more of them than the page has room for.
 *
 * @throws {UnknownNumberError} see there. @throws {OutageError} when Postgres is away.
 */
export async function listConfirmations(
  sql: Sql,
  query: ConfirmationQuery,
): Promise<NumberedConfirmation[]> {
  const { after, limit } = query;
  const page = await readPage(sql, query);
  if (page.length === limit) return page;
  const { last, unnumbered } = await newestConfirmation(sql);
  if (after > last) {
    throw new UnknownNumberError(`Cannot read on behind confirmation ${after}: the last one is ${last}`);
  }
  if (!unnumbered) return page;
  await numberCommitted(sql, limit - page.length);
  return await readPage(sql, query);
}

/** How far confirmations have come. */
export interface NewestConfirmation {
  /** The number of the newest one; 0 if none has a number. */
  readonly newest: number;
  /** The last number given; before the first one, the number that it comes after. */
  readonly last: number;
  /** Whether there are some without a number. */
  readonly unnumbered: boolean;
}

/** How far confirmations have come. @throws {OutageError} when Postgres is away. */
export async function newestConfirmation(sql: Sql): Promise<NewestConfirmation> {
  const [row] = await withOutage("look for new confirmations", () =>
    sql`
    SELECT last, (SELECT max(seq) FROM job_confirmation) AS newest,
      EXISTS (SELECT 1 FROM job_confirmation WHERE seq IS NULL) AS unnumbered
    FROM confirmation_counter`);
  return { newest: row?.newest ?? 0, last: row?.last ?? 0, unnumbered: row?.unnumbered === true };
}

async function readPage(sql: Sql, { after, limit }: ConfirmationQuery): Promise<NumberedConfirmation[]> {
  const rows = await withOutage("list confirmations", () =>
    sql`
    SELECT seq, event FROM job_confirmation WHERE seq > ${after} ORDER BY seq LIMIT ${limit}`);
  return rows.map((row) => ({ seq: row.seq, event: StatusEvent.parse(row.event) }));
}

/** Becomes the only one who gives numbers, until the transaction ends. */
export async function lockCounter(sql: Sql): Promise<void> {
  await sql`
    SELECT set_config('idle_in_transaction_session_timeout', ${String(STANDSTILL_MS)}, true)
    FROM confirmation_counter FOR UPDATE`;
}

/** Gives numbers to committed confirmations that have none, at most `limit`. */
async function numberCommitted(sql: Sql, limit: number): Promise<void> {
  await inTransaction(sql, "number confirmations", async (tx) => {
    await lockCounter(tx); // a statement of its own: the next one sees what was committed until it got the lock
    await tx`
      WITH unnumbered AS (
        SELECT id, row_number() OVER (ORDER BY id) AS place FROM (
          SELECT id FROM job_confirmation WHERE seq IS NULL ORDER BY id LIMIT ${limit}
        ) AS oldest
      ), counted AS (
        UPDATE confirmation_counter SET last = last + (SELECT count(*) FROM unnumbered)
        RETURNING last - (SELECT count(*) FROM unnumbered) AS before
      )
      UPDATE job_confirmation AS told SET seq = counted.before + unnumbered.place
      FROM unnumbered, counted WHERE told.id = unnumbered.id`;
  });
}
