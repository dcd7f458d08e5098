import type { LogEvent } from "lib/event/log.ts";
import type { LogRange, PageRequest, StoredLog } from "lib/log_store/log_store.ts";
import { OutageError } from "lib/run/outage_error.ts";
import { compareEntryIds, FIRST_ENTRY_ID } from "lib/stream/entry_id.ts";
import type { Weather } from "./weather.ts";
import { byPlace } from "./world_connection.ts";

/** Entries in a page, so that logs have many. */
const PAGE = 3;

/** A log store in memory: an event keeps the place under which it was written first. */
export class WorldLogStore {
  readonly #logs: StoredLog[] = [];
  readonly #ids = new Set<string>();
  readonly #weather: Weather;

  constructor(weather: Weather) {
    this.#weather = weather;
  }

  has(eventId: string): boolean {
    return this.#ids.has(eventId);
  }

  write(entryId: string, event: LogEvent): void {
    if (this.#ids.has(event.event_id)) return;
    this.#ids.add(event.event_id);
    this.#logs.push({ entryId, event });
  }

  /** See `LogStore.read`. */
  async *read(jobId: string, { after = FIRST_ENTRY_ID }: LogRange): AsyncGenerator<StoredLog[]> {
    for (let from = after;;) {
      const page = await this.#call(() =>
        this.#of(jobId).filter(({ entryId }) => compareEntryIds(entryId, from) > 0).slice(0, PAGE)
      );
      if (page.length > 0) yield page;
      from = page.at(-1)?.entryId ?? from;
      if (page.length < PAGE) return;
    }
  }

  /** See `LogStore.page`, of which the last lines before a place are asked here. */
  async page(jobId: string, { limit, from }: PageRequest) {
    if (!("before" in from)) throw new Error("Cannot tell this page: nobody asked for one like it before");
    const { entryId: place } = from.before;
    const lines = await this.#call(() =>
      this.#of(jobId).filter(({ entryId, event }) => !event.eos && compareEntryIds(entryId, place) < 0)
        .slice(-limit)
    );
    return { lines, offset: 0, total: lines.length, countedTo: place };
  }

  #of(jobId: string): StoredLog[] {
    return this.#logs.filter(({ event }) => event.job_id === jobId).sort(byPlace);
  }

  async #call<T>(act: () => T): Promise<T> {
    try {
      return await this.#weather.call("log store", act);
    } catch (cause) {
      throw new OutageError("log store", "read a log", { cause });
    }
  }
}
