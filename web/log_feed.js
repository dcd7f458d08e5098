// @ts-check
/**
 * Log and gap events → entries of the page's buffer. Counts the lines of each container and says so where the end of a
 * log does not agree.
 *
 * @module
 */
import { counted } from "./format.js";
/** @import { Entry, LogBuffer } from "./log_buffer.js" */

/** Puts events into a buffer. */
export class LogFeed {
  #buffer;
  /** @type {Map<string, number>} lines without a number of their own are counted, per step */
  #counts = new Map();
  /** @type {Map<string, number>} number of the last line, per container */
  #last = new Map();

  /** @param {LogBuffer} buffer */
  constructor(buffer) {
    this.#buffer = buffer;
  }

  /** @param {Record<string, unknown>} event a LogEvent */
  log(event) {
    const step = typeof event.job_type === "string" ? event.job_type : "";
    const container = `${step} ${event.container_id ?? event.container_name ?? ""}`;
    const time = Date.parse(typeof event.timestamp === "string" ? event.timestamp : "");
    const seq = typeof event.seq === "number" ? event.seq : 0;
    if (event.gap === true) {
      this.gap({ job_type: step, reason: "the runtime dropped them before they were read" });
    }
    if (event.eos === true) return this.#end(step, container, time, seq);
    const count = (this.#counts.get(step) ?? 0) + 1;
    this.#counts.set(step, count);
    if (seq > 0) this.#last.set(container, seq);
    this.#buffer.push({
      kind: "line",
      step,
      text: typeof event.line === "string" ? event.line : "",
      time,
      seq: seq || count,
      stream: typeof event.stream === "string" ? event.stream : "",
      lossy: event.lossy === true,
      truncated: typeof event.truncated === "number" ? event.truncated : 0,
    });
  }

  /**
   * @param {string} step
   * @param {string} container
   * @param {number} time
   * @param {number} lines how many there should be, 0 if that is not known
   */
  #end(step, container, time, lines) {
    const last = this.#last.get(container) ?? 0;
    this.#last.delete(container);
    if (lines > last) {
      const missing = counted(lines - last, "line");
      this.#push("gap", step, `${missing} at the end of the ${step} log did not arrive here`, time);
    }
    this.#push(
      "end",
      step,
      lines > 0 ? `End of the ${step} log: ${counted(lines, "line")}` : `End of the ${step} log`,
      time,
    );
  }

  /** @param {Record<string, unknown>} event */
  gap(event) {
    const reason = typeof event.reason === "string" && event.reason ? event.reason : "no reason was given";
    const step = typeof event.job_type === "string" ? event.job_type : "";
    this.#push("gap", step, `Lines are missing here: ${reason}`, NaN);
  }

  /**
   * @param {Entry["kind"]} kind
   * @param {string} step
   * @param {string} text
   * @param {number} time
   */
  #push(kind, step, text, time) {
    this.#buffer.push({ kind, step, text, time, seq: 0 });
  }
}
