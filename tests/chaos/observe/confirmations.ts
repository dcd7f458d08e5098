/**
 * Looks, at the moment a confirmation is read, whether what it confirms is durable.
 *
 * @module
 */
import postgres from "postgres";
import type { SeenConfirmation, SeenEntry } from "../observations.ts";
import { BASES } from "./tap.ts";

/** Longest time for an answer (ms). */
const ANSWER_MS = 3_000;

/** Give it every entry that the tap reads. */
export class ConfirmationWatch implements AsyncDisposable {
  readonly seen: SeenConfirmation[] = [];
  readonly #sql: postgres.Sql;
  readonly #asking = new Set<Promise<void>>();

  constructor(postgresUrl: string) {
    this.#sql = postgres(postgresUrl, { max: 2, connect_timeout: 2, onnotice: () => {} });
  }

  /** Asks about the entry if it is a confirmation. */
  note(entry: SeenEntry): void {
    if (entry.injected || !entry.stream.startsWith(`${BASES.status}:`)) return;
    const event = eventOf(entry.data);
    if (!event) return;
    const asking = this.#isDurable(event).then((durable) => {
      this.seen.push({ jobId: event.job_id, eventId: event.event_id, durable });
    }).finally(() => this.#asking.delete(asking));
    this.#asking.add(asking);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#asking);
    await this.#sql.end({ timeout: 1 });
  }

  async #isDurable(event: Record<string, string>): Promise<boolean | null> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<null>((resolve) => timer = setTimeout(() => resolve(null), ANSWER_MS));
    const { job_id = "", job_type = "", timestamp = "", container_id } = event;
    // A step that is tried again has one row for all its containers: a later one may be there already.
    const rows = this.#sql`SELECT status, container_id, updated_at FROM job_status
      WHERE job_id = ${job_id} AND job_type = ${job_type}`
      .then((rows) =>
        rows.some((row) =>
          `confirmed_${row.status}` === event.status ||
          (row.container_id !== container_id && row.updated_at > new Date(timestamp))
        ), () => null);
    return await Promise.race([rows, late]).finally(() => clearTimeout(timer));
  }
}

function eventOf(data: string) {
  try {
    const event = JSON.parse(data);
    return String(event?.status).startsWith("confirmed_") ? event : null;
  } catch {
    return null;
  }
}
