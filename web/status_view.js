// @ts-check
/// <reference no-default-lib="true" />
/// <reference lib="esnext" />
/// <reference lib="dom" />
/**
 * The table of status events: every state of every container, in the order in which they became known.
 *
 * @module
 */
import { byId, make, setText } from "./dom.js";
import { moment } from "./format.js";
/** @import { StatusRow } from "./job_state.js" */

/** @type {Readonly<Record<string, string>>} */
const WORDS = {
  notStarted: "created",
  started: "started",
  finishedSuccessfully: "succeeded",
  finishedWithError: "failed",
  undefined: "unknown",
};

/** Shows a job's status events. */
export class StatusView {
  /** @type {Map<string, { row: StatusRow, body: HTMLElement[], confirmed: HTMLElement }>} */
  #shown = new Map();
  /** @type {Set<string>} */
  #told = new Set();
  #table = byId("events", HTMLElement);
  #frame = byId("events-frame", HTMLElement);

  constructor() {
    this.#table.replaceChildren();
  }

  /** @param {readonly StatusRow[]} rows */
  show(rows) {
    byId("events-empty", HTMLElement).hidden = rows.length > 0 || this.#told.size > 0;
    for (const row of rows) {
      const known = this.#shown.get(row.key);
      if (known && known.row !== row) markConfirmed(known.confirmed, row.confirmed);
    }
    const fresh = rows.filter((row) => !this.#shown.has(row.key));
    if (fresh.length > 0) this.#follow(() => fresh.forEach((row) => this.#add(row)));
  }

  /**
   * Puts what somebody asked for between the states, by its time.
   *
   * @param {readonly { time: number, text: string }[]} requests
   */
  showRequests(requests) {
    for (const { time, text } of requests) {
      const key = `${time} ${text}`;
      if (this.#told.has(key)) continue;
      this.#told.add(key);
      const next = [...this.#shown.values()].find(({ row }) => row.time > time)?.body[0] ?? null;
      const said = make("td", { colspan: "4" });
      setText(said, text);
      const line = make("tr", { class: "request" }, [timeCell(time), said]);
      this.#follow(() => this.#table.insertBefore(line, next));
      byId("events-empty", HTMLElement).hidden = true;
    }
  }

  /**
   * Adds rows. Whoever sees the latest one sees the new ones too; whoever reads earlier ones is left in peace.
   *
   * @param {() => void} add
   */
  #follow(add) {
    const { scrollTop, scrollHeight, clientHeight } = this.#frame;
    add();
    if (scrollHeight - scrollTop - clientHeight < 4) this.#frame.scrollTop = this.#frame.scrollHeight;
  }

  /** @param {StatusRow} row */
  #add(row) {
    const confirmed = make("td", { class: "confirmed" });
    markConfirmed(confirmed, row.confirmed);
    const exit = row.exitCode === null ? "" : String(row.exitCode);
    const line = make("tr", { "data-status": row.status }, [
      timeCell(row.time),
      make("td", {}, [row.step]),
      make("td", { class: "status", title: [row.status, row.image, row.cmd].filter(Boolean).join("\n") }, [
        WORDS[row.status] ?? row.status,
      ]),
      make("td", { class: "mono" }, [exit]),
      confirmed,
    ]);
    const body = [line];
    if (row.reason?.text) {
      const why = make("td", { colspan: "5" }, []);
      setText(why, row.reason.text);
      body.push(make("tr", { class: "why", "data-status": row.status }, [why]));
    }
    this.#table.append(...body);
    this.#shown.set(row.key, { row, body, confirmed });
  }
}

/** @param {number} time milliseconds since 1970 */
function timeCell(time) {
  const utc = moment(time, "utc");
  const title = utc.date ? `${utc.date} ${utc.time}` : "";
  return make("td", { class: "mono", title }, [moment(time, "local").time.slice(0, 8)]);
}

/**
 * @param {HTMLElement} cell
 * @param {boolean} confirmed
 */
function markConfirmed(cell, confirmed) {
  setText(cell, confirmed ? "✓" : "");
  cell.title = confirmed ? "Confirmed: durable, and the backend was told" : "";
  cell.ariaLabel = confirmed ? "confirmed" : "not confirmed";
}
