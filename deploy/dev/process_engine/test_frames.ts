/** One frame of a multiplexed log, as tests look at it. */
export interface Frame {
  readonly stream: number;
  readonly bytes: Uint8Array;
  readonly text: string;
}

/**
 * Takes a multiplexed log apart.
 *
 * @throws {RangeError} if it does not end with a whole frame.
 */
export function decodeFrames(log: Uint8Array): Frame[] {
  const view = new DataView(log.buffer, log.byteOffset, log.byteLength);
  const frames: Frame[] = [];
  for (let at = 0; at < log.length;) {
    const bytes = log.slice(at + 8, at + 8 + view.getUint32(at + 4));
    frames.push({ stream: view.getUint8(at), bytes, text: new TextDecoder().decode(bytes) });
    at += 8 + view.getUint32(at + 4);
    if (at > log.length) {
      throw new RangeError(`Cannot read a frame that ends at ${at}: the log ends at ${log.length}`);
    }
  }
  return frames;
}
