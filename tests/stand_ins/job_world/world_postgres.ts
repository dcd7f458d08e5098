/**
 * What Postgres holds of jobs, in memory, and the statements with which the SSE service reads it. What is written is
 * written as `lib/store/` does: `status_history.ts`, `status_progress.ts`, `outbox.ts`.
 *
 * @module
 */
import type { StatusEvent } from "lib/event/status.ts";
import type { WorkflowEvent } from "lib/event/workflow.ts";
import type { Flow } from "lib/job/workflow.ts";
import type { Sql } from "lib/store/open.ts";
import { compareEntryIds, FIRST_ENTRY_ID } from "lib/stream/entry_id.ts";
import type { Weather } from "./weather.ts";
import { byPlace } from "./world_connection.ts";

/** A recorded status. */
interface Recorded {
  readonly event: StatusEvent;
  entryId: string;
}

/** A row of the outbox. */
export interface Outgoing {
  id: number;
  readonly jobId: string;
  readonly stream: "status" | "workflow";
  readonly event: StatusEvent | WorkflowEvent;
  entryId: string | null;
  published: boolean;
  publication: number;
}

/** See the module's description. */
export class WorldPostgres {
  readonly history: Recorded[] = [];
  readonly flows = new Map<string, Flow>();
  outbox: Outgoing[] = [];
  recordedUpTo = FIRST_ENTRY_ID;
  lastPublication = 0;
  nextPublication = 1;
  #nextRow = 1;

  /** What the service reads it with. */
  readonly sql: Sql;

  constructor(weather: Weather) {
    this.sql =
      ((text: readonly string[], ...values: unknown[]) =>
        weather.call("postgres", () => this.#rows(text.join(" "), values))) as unknown as Sql;
  }

  addToOutbox(
    out: { stream: "status"; event: StatusEvent } | { stream: "workflow"; event: WorkflowEvent },
  ): void {
    const place = { entryId: null, published: false, publication: 0 };
    this.outbox.push({ id: this.#nextRow++, jobId: out.event.job_id, ...out, ...place });
  }

  /** True if it was not there yet. */
  record(event: StatusEvent, entryId: string): boolean {
    if (this.history.some((known) => known.event.event_id === event.event_id)) return false;
    this.history.push({ event, entryId });
    return true;
  }

  /** As `moveBehindEarlier()`; true if it was moved. */
  moveBehindEarlier({ event_id, status, container_id }: StatusEvent, entryId: string): boolean {
    const told = this.history.find(({ event }) => event.event_id === event_id);
    const earlier = status === "started" ? ["notStarted"] : ["notStarted", "started"];
    if (!told || status === "notStarted") return false;
    const overtaken = this.history.some(({ event, entryId: place }) =>
      event.container_id === container_id && earlier.includes(event.status) &&
      compareEntryIds(place, told.entryId) > 0 && compareEntryIds(place, entryId) < 0
    );
    if (overtaken) told.entryId = entryId;
    return overtaken;
  }

  /** As `sendAgain()`. */
  sendAgain(eventId: string): void {
    for (const row of this.outbox) {
      if (row.event.event_id === eventId) {
        Object.assign(row, { id: this.#nextRow++, published: false, publication: 0 });
      }
    }
    this.outbox.sort((a, b) => a.id - b.id);
  }

  /** As `unpublishAfter()`. */
  unpublishAfter(publication: number): void {
    for (const row of this.outbox) if (row.publication > publication) row.published = false;
    this.lastPublication = publication;
  }

  #rows(text: string, [first, second]: readonly unknown[]): unknown[] {
    if (text.includes("FROM status_progress")) return [{ entry_id: this.recordedUpTo }];
    if (text.includes("FROM job_status_history")) {
      return this.history.filter(({ event }) => event.job_id === first).sort(byPlace)
        .map(({ entryId, event }) => ({ entry_id: entryId, event }));
    }
    if (text.includes("FROM job_outbox")) {
      return this.outbox.filter(({ jobId, stream }) => jobId === first && stream === second)
        .map(({ id, event, entryId }) => ({ id: String(id), event, entry_id: entryId }));
    }
    if (text.includes("FROM job_step")) return [];
    if (text.includes("FROM job_workflow")) {
      const flow = this.flows.get(String(first));
      return flow ? [{ current_step: flow.step, status: flow.status, attempt: flow.attempt }] : [];
    }
    throw new Error(`Cannot answer ${text}: nobody asked that before`);
  }
}
