// @ts-check
/**
 * Log and gap events → entries of the page's buffer. Counts the lines of each container and says so where the end of a
 * log does not agree.
 *
 * @module
 */
import { counted, fullCount } from "./format.js";
/** @import { Entry, LogBuffer } from "./log_buffer.js" */

/** Puts events into a buffer. */
export class LogFeed {
  #buffer;
  /** @type {Map<string, number>} lines without a number of their own are counted, per container */
  #counts = new Map();
  /** @type {Map<string, string[]>} containers of each step */
  #containers = new Map();
  /** @type {Map<string, number>} number of the last line, per container */
  #last = new Map();

  /** @param {LogBuffer} buffer */
  constructor(buffer) {
    this.#buffer = buffer;
  }

  /** @param {Record<string, unknown>} event a LogEvent */
  log(event) {
    const { step, container, seq } = placeOf(event);
    const time = Date.parse(typeof event.timestamp === "string" ? event.timestamp : "");
    this.#begin(step, container, time);
    if (event.gap === true) {
      this.#push("gap", step, "Lines may be missing here: the runtime dropped what was unread", NaN);
    }
    if (event.eos === true) return this.#end(step, container, time, seq);
    const count = (this.#counts.get(container) ?? 0) + 1;
    this.#counts.set(container, count);
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
   * The link to a line that may have come.
   *
   * @param {Record<string, unknown>} event a LogEvent
   * @returns {import("./line_link.js").LineLink | null} null if nothing came of its container, or it has no number
   */
  linkOf(event) {
    const { step, container, seq } = placeOf(event);
    const run = (this.#containers.get(step)?.indexOf(container) ?? -1) + 1;
    return run > 0 && seq > 0 ? { step, seq, run } : null;
  }

  /**
   * Tells a step's next container from the one before: another attempt at the job.
   *
   * @param {string} step
   * @param {string} container
   * @param {number} time
   */
  #begin(step, container, time) {
    const known = this.#containers.get(step) ?? [];
    if (known.includes(container)) return;
    known.push(container);
    this.#containers.set(step, known);
    if (known.length > 1) {
      this.#push("run", step, `The ${step} step runs again: container ${known.length}`, time);
    }
  }

  /**
   * @param {string} step
   * @param {string} container
   * @param {number} time
   * @param {number} lines how many there should be, 0 if that is not known
   */
  #end(step, container, time, lines) {
    const last = this.#last.get(container) ?? 0;
    this.#last.set(container, Math.max(last, lines)); // started again, it counts on from there
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
    const { from, to } = event;
    const which = typeof from !== "number" || typeof to !== "number"
      ? "Lines are missing here"
      : from === to
      ? `Line ${fullCount(from)} is missing here`
      : `Lines ${fullCount(from)} to ${fullCount(to)} are missing here`;
    this.#push("gap", step, `${which}: ${reason}`, NaN);
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

/** @param {Record<string, unknown>} event a LogEvent */
function placeOf(event) {
  const step = typeof event.job_type === "string" ? event.job_type : "";
  return {
    step,
    container: `${step} ${event.container_id ?? event.container_name ?? ""}`,
    seq: typeof event.seq === "number" ? event.seq : 0,
  };
}
