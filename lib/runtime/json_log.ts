/**
 * Bytes of a log file as the Engine's driver json-file writes it → fragments. Pure; chunk edges may fall anywhere.
 *
 * Each record is a line of JSON, `{"log":"…\n","stream":"stdout","time":"…"}`: a line that was printed, or 16 KiB of a
 * longer one, then without `\n`. A record is written at once, but whoever reads may find half of it.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { canonicalTime } from "./canonical_time.ts";
import { LogFormatError } from "./docker_frames.ts";
import type { Fragment } from "./runtime.ts";

const NEWLINE = 0x0a;

/** Decodes one file from its beginning. */
export class JsonLogDecoder {
  /** The beginning of a record whose end has yet to come. */
  #rest: Uint8Array = new Uint8Array(0);

  /** Fragments that `chunk` completes. The bytes given may change afterwards. @throws {LogFormatError} */
  decode(chunk: Uint8Array): Fragment[] {
    const bytes = Buffer.concat([this.#rest, chunk]);
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    this.#rest = new Uint8Array(bytes.subarray(end)); // a copy: a part would keep all of it
    const text = bytes.toString("utf8", 0, end);
    const fragments: Fragment[] = [];
    for (let from = 0; from < text.length;) {
      const to = text.indexOf("\n", from);
      if (to > from) fragments.push(fragmentOf(text.slice(from, to)));
      from = to + 1;
    }
    return fragments;
  }
}

function fragmentOf(json: string): Fragment {
  try {
    const { log, stream, time } = JSON.parse(json);
    if (typeof log !== "string" || (stream !== "stdout" && stream !== "stderr")) {
      throw new TypeError("expected log and stream");
    }
    const newline = log.endsWith("\n");
    const text = newline ? log.slice(0, -1) : log;
    const bytes = Buffer.from(text);
    const fragment = { stream, time: canonicalTime(String(time)), bytes, newline, mended: true } as const;
    return bytes.length === text.length ? { ...fragment, text } : fragment; // only ASCII takes a byte a character
  } catch (cause) {
    const begin = JSON.stringify(json.slice(0, 80));
    throw new LogFormatError(`Cannot read log: no record of json-file begins with ${begin}`, { cause });
  }
}
