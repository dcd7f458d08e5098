/**
 * The lines of a job, as a log forwarder publishes them.
 *
 * @module
 */
import { encodeLogEvent } from "lib/event/codec.ts";

/** Makes a job's log events, numbered from 1. Pure but for the counting. */
export class JobLines {
  readonly jobId: string;
  #count = 0;

  constructor(jobId: string) {
    this.jobId = jobId;
  }

  /** How many there were so far. */
  get count(): number {
    return this.#count;
  }

  /** The next event, about 250 bytes of JSON; its line ends with `remark`. */
  next(remark: string): string {
    const seq = ++this.#count;
    return encodeLogEvent({
      event_id: seq.toString(16).padStart(24, "0"),
      job_id: this.jobId,
      job_type: "plugin",
      container_name: this.jobId,
      line: `step ${seq}: registered volume ${remark}`,
      stream: "stdout",
      eos: false,
      timestamp: "2026-01-15T10:00:00.123456+00:00",
      seq,
    });
  }

  /** The next `count` events. */
  take(count: number): string[] {
    return Array.from({ length: count }, () => this.next("without a fault"));
  }
}
