import type { LogEvent } from "lib/event/log.ts";

/**
 * Writes the same as `encodeLogEvent` at a fraction of the cost, for logs of a million lines: what the lines of one
 * container have in common is written once.
 */
export function logEncoder(): (event: LogEvent) => string {
  let last: LogEvent | null = null;
  let beforeLine = "", afterLine = "", afterTime = "";
  return (event) => {
    if (!last || !sameSource(last, event)) {
      const { job_id, job_type, container_name, stream, container_id } = event;
      beforeLine = `,${inside({ job_id, job_type, container_name })},"line":`;
      afterLine = `,${inside({ stream })},"eos":`;
      afterTime = container_id === undefined ? "" : `,${inside({ container_id })}`;
      last = event;
    }
    const { event_id, line, eos, timestamp, seq, lossy, truncated, gap } = event;
    const number = seq === undefined ? "" : `,"seq":${seq}`;
    const odd = lossy === undefined && truncated === undefined && gap === undefined
      ? ""
      : `,${inside({ lossy, truncated, gap })}`;
    // One flat text: one of parts that are kept would take several times the memory.
    return [
      '{"event_id":',
      JSON.stringify(event_id),
      beforeLine,
      JSON.stringify(line),
      afterLine,
      eos,
      ',"timestamp":"',
      timestamp,
      '"',
      afterTime,
      number,
      odd,
      "}",
    ].join("");
  };
}

function sameSource(a: LogEvent, b: LogEvent): boolean {
  return a.container_id === b.container_id && a.stream === b.stream && a.job_type === b.job_type &&
    a.container_name === b.container_name && a.job_id === b.job_id;
}

/** The fields of an object as JSON, without its braces. */
function inside(fields: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(fields).slice(1, -1);
}
