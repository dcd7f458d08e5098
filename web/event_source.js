// @ts-check
/// <reference no-default-lib="true" />
/// <reference lib="esnext" />
/// <reference lib="dom" />
/**
 * One connection to a job's events for as long as the page shows the job. EventSource reconnects by itself after a cut;
 * where it gives up (the service answered with an error), this asks why and goes on from the last event's id.
 *
 * @module
 */

/** @typedef {"connecting" | "history" | "live" | "reconnecting" | "ended" | "refused"} ConnectionState */
/** @typedef {"status" | "logs" | "workflow" | "gap"} EventName */
/**
 * @typedef {object} Listener What a source tells.
 * @property {() => void} opened
 * @property {(events: readonly string[], lastId: string) => void} came name and data of each event, by turns
 * @property {(closed: boolean) => void} failed `closed`: it will not try again by itself
 */
/** @typedef {{ close(): void }} Source */

/**
 * An EventSource in a worker.
 *
 * @param {string} url
 * @param {Listener} listener
 * @returns {Source}
 */
function openInWorker(url, { opened, came, failed }) {
  const worker = new Worker("/event_source_worker.js");
  worker.addEventListener("message", ({ data }) => {
    if (data.type === "events") came(data.events, data.lastId);
    else if (data.type === "open") opened();
    else failed(data.closed);
  });
  worker.addEventListener("error", () => failed(true));
  worker.postMessage(new URL(url, location.href).href);
  return { close: () => worker.terminate() };
}

/** The events of one job, whole history first. */
export class JobStream {
  /** @type {Source | null} */
  #source = null;
  #lastId = "";
  #attempts = 0;
  #caughtUp = false;
  #stopped = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #url;
  #options;

  /**
   * @param {string} jobId
   * @param {object} options
   * @param {(name: EventName, data: Record<string, unknown>) => void} options.onEvent
   * @param {(state: ConnectionState, why: string) => void} options.onState
   * @param {(url: string) => Promise<number>} options.probe asks for the status of a stream that would not open;
   *   rejects with a `status` if it is refused
   * @param {(url: string, listener: Listener) => Source} [options.open]
   * @param {(attempt: number) => number} [options.wait] milliseconds before an attempt
   */
  constructor(jobId, { onEvent, onState, probe, open = openInWorker, wait = backoff }) {
    this.#url = `/events/${encodeURIComponent(jobId)}/all`;
    this.#options = { onEvent, onState, probe, open, wait };
  }

  /** Opens the connection, or opens it anew where it left off. */
  start() {
    this.stop();
    this.#stopped = false;
    this.#open(this.#lastId === "" ? "connecting" : "reconnecting");
  }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }

  get #resumeUrl() {
    return this.#lastId === "" ? this.#url : `${this.#url}?last_event_id=${encodeURIComponent(this.#lastId)}`;
  }

  /** @param {ConnectionState} state */
  #open(state) {
    this.#options.onState(state, "");
    const source = this.#options.open(this.#resumeUrl, {
      opened: () => {
        if (source === this.#source) this.#options.onState(this.#caughtUp ? "live" : "history", "");
      },
      came: (events, lastId) => {
        if (source === this.#source) this.#receive(events, lastId);
      },
      failed: (closed) => {
        if (source === this.#source) this.#failed(closed);
      },
    });
    this.#source = source;
  }

  /**
   * @param {readonly string[]} events
   * @param {string} lastId
   */
  #receive(events, lastId) {
    this.#attempts = 0;
    if (lastId) this.#lastId = lastId;
    for (let i = 0; i < events.length; i += 2) {
      const name = events[i];
      if (name === "end") {
        this.stop();
        this.#options.onState("ended", "");
      } else if (name === "caught-up") {
        this.#caughtUp = true;
        this.#options.onState("live", "");
      } else {
        this.#options.onEvent(...readEvent(/** @type {EventName} */ (name), events[i + 1] ?? ""));
      }
    }
  }

  /** @param {boolean} closed */
  #failed(closed) {
    this.#options.onState("reconnecting", "");
    if (!closed) return;
    this.#source?.close();
    this.#source = null;
    this.#askWhy();
  }

  async #askWhy() {
    try {
      const status = await this.#options.probe(this.#resumeUrl);
      if (this.#stopped) return;
      if (status === 204) {
        this.#stopped = true;
        return this.#options.onState("ended", "");
      }
    } catch (error) {
      if (this.#stopped) return;
      const { status = 0, message = "" } = /** @type {{ status?: number, message?: string }} */ (error);
      if (status >= 400 && status < 500 && status !== 408 && status !== 429) {
        return this.#options.onState("refused", message);
      }
    }
    this.#timer = setTimeout(() => this.#open("reconnecting"), this.#options.wait(this.#attempts++));
  }
}

/**
 * @param {EventName} name
 * @param {string} data
 * @returns {[EventName, Record<string, unknown>]} a gap, where the event cannot be read
 */
function readEvent(name, data) {
  try {
    const event = JSON.parse(data);
    if (event !== null && typeof event === "object") return [name, event];
  } catch {
    // falls through to the gap
  }
  return ["gap", { reason: "an event could not be read" }];
}

/**
 * 1, 2, 4 … at most 30 seconds, spread by a fifth so that pages do not come back all at once.
 *
 * @param {number} attempt from 0
 * @param {() => number} [random] from 0 to below 1
 */
function backoff(attempt, random = Math.random) {
  return Math.min(30_000, 1000 * 2 ** attempt) * (0.9 + 0.2 * random());
}
