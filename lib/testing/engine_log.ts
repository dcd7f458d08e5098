/**
 * What the Docker Engine makes of a process's writes, told independently of the code that reads it: for tests.
 *
 * @module
 */

/** One write of a process. */
export interface Write {
  readonly stream: "stdout" | "stderr";
  readonly bytes: Uint8Array;
}

/** A record of the Engine's log. */
export interface LogFileRecord {
  readonly stream: "stdout" | "stderr";
  readonly time: string;
  readonly bytes: Uint8Array;
  readonly newline: boolean;
}

/** Nanoseconds since the begin of the second in which all test logs are written, as a time. */
export type Clock = (record: number) => number;

/** The time of a moment, given in nanoseconds since 2026-01-15T12:00:00Z. */
export function testTime(nanos: number): string {
  const seconds = new Date(Date.UTC(2026, 0, 15, 12) + Math.floor(nanos / 1e9) * 1_000).toISOString().slice(
    0,
    19,
  );
  return `${seconds}.${String(nanos % 1e9).padStart(9, "0")}Z`;
}

/**
 * The records for writes in their order. Each stream is cut at newlines and after 16,384 bytes without one; all
 * pieces of a line carry the first one's time; what is left at the end becomes a piece without newline.
 * `clock(k)` is the time of the k-th line begun.
 */
export function engineRecords(writes: readonly Write[], clock: Clock = (k) => k * 1_000): LogFileRecord[] {
  const records: LogFileRecord[] = [];
  let begun = 0;
  const open = new Map<Write["stream"], { bytes: number[]; time: string | null }>();
  const store = (stream: Write["stream"], newline: boolean) => {
    const state = open.get(stream);
    if (!state) return;
    const time = state.time ?? testTime(clock(begun++));
    records.push({ stream, time, bytes: Uint8Array.from(state.bytes), newline });
    open.set(stream, { bytes: [], time: newline ? null : time });
  };
  for (const { stream, bytes } of writes) {
    for (const byte of bytes) {
      const state = open.get(stream) ?? { bytes: [], time: null };
      open.set(stream, state);
      if (byte === 10) store(stream, true);
      else {
        state.bytes.push(byte);
        if (state.bytes.length === 16_384) store(stream, false);
      }
    }
  }
  for (const [stream, state] of [...open]) if (state.bytes.length > 0) store(stream, false);
  return records;
}

/** The Engine's answer to a request for the log with times, of a container with or without a terminal. */
export function engineBytes(records: readonly LogFileRecord[], tty: boolean): Uint8Array {
  return join(records.map(({ stream, time, bytes, newline }) => {
    const record = join([
      new TextEncoder().encode(`${time} `),
      bytes,
      newline ? Uint8Array.of(10) : new Uint8Array(),
    ]);
    if (tty) return record;
    const header = new Uint8Array(8);
    header[0] = stream === "stdout" ? 1 : 2;
    new DataView(header.buffer).setUint32(4, record.length);
    return join([header, record]);
  }));
}

/** Byte strings one after the other. */
export function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
