/**
 * `sql.begin` that survives the loss of its connection.
 *
 * When the server goes away inside a transaction, postgres.js still sends `ROLLBACK` or `COMMIT`, and whatever the
 * callback asks for, to the connection that is gone: an uncaught TypeError ends the process, and the next
 * connection starts with those left-over bytes. Here such a transaction simply rejects, and its `sql` is dead.
 *
 * @module
 */
import type postgres from "postgres";
import { sleep } from "../run/sleep.ts";
import { isConnectionLoss } from "./outage.ts";

type Body = (sql: postgres.TransactionSql) => unknown;

/** How long after an error that looks like a lost connection the loss must show, in milliseconds. */
const LOSS_SHOWS_WITHIN_MS = 1_000;

/**
 * Wraps the `begin` of a client. The callback must let errors of its statements through (in a failed transaction
 * nothing else works anyway), and its `sql` rejects once the transaction is over.
 */
export function survivingBegin(begin: postgres.Sql["begin"]): postgres.Sql["begin"] {
  const surviving = async (...args: [Body] | [string, Body]) => {
    const body = args.pop() as Body;
    const options = args[0] as string | undefined ?? "";
    const over = new AbortController();
    try {
      return await begin(options, (sql) => shielded(sql, body, over.signal));
    } finally {
      over.abort();
    }
  };
  return surviving as postgres.Sql["begin"];
}

/** Runs `body`; if the connection is lost meanwhile, never settles, so that nothing more is sent to it. */
async function shielded(sql: postgres.TransactionSql, body: Body, over: AbortSignal): Promise<unknown> {
  try {
    const result = body(guarded(sql, over));
    const settled = await (Array.isArray(result) ? Promise.all(result) : result);
    if (!over.aborted) return settled;
  } catch (error) {
    await sleep(isConnectionLoss(error) ? LOSS_SHOWS_WITHIN_MS : 0, over);
    if (!over.aborted) throw error;
  }
  return await new Promise<never>(() => {});
}

/** `sql` that rejects each statement once the transaction is over. */
function guarded(sql: postgres.TransactionSql, over: AbortSignal): postgres.TransactionSql {
  const ended = () =>
    Object.assign(new Error("Cannot use a transaction: it is over"), { code: "CONNECTION_CLOSED" });
  return new Proxy(sql, {
    apply(target, self, args) {
      if (over.aborted && isTemplate(args[0])) return Promise.reject(ended());
      return Reflect.apply(target, self, args);
    },
    get(target, key, receiver) {
      if (key === "savepoint") return (...args: [Body] | [string, Body]) => savepoint(target, args, over);
      if (over.aborted && (key === "unsafe" || key === "file")) return () => Promise.reject(ended());
      return Reflect.get(target, key, receiver);
    },
  });
}

function savepoint(
  sql: postgres.TransactionSql,
  args: [Body] | [string, Body],
  over: AbortSignal,
): Promise<unknown> {
  const body = args.at(-1) as Body;
  const inner = (sql: postgres.TransactionSql) => shielded(sql, body, over);
  return typeof args[0] === "string" ? sql.savepoint(args[0], inner) : sql.savepoint(inner);
}

function isTemplate(value: unknown): boolean {
  return Array.isArray(value) && "raw" in value;
}
