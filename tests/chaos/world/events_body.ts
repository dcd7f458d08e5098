/**
 * The engine's endless answer to `GET /events`: chunks with lines of JSON.
 *
 * @module
 */

/** A piece of the answer: one notification (with its newline and its bytes as they came), or anything else. */
export type EventsPart =
  | { readonly kind: "line"; readonly text: string; readonly bytes: Uint8Array }
  | { readonly kind: "raw"; readonly bytes: Uint8Array };

/** Takes one answer apart, however it is cut. */
export class EventsBody {
  #held = new Uint8Array();
  readonly #utf8 = new TextDecoder();
  #text = "";
  #state: "head" | "chunks" | "raw" = "head";

  /** A chunk with this text. */
  static chunk(text: string): Uint8Array {
    const body = encoder.encode(text);
    return joined(encoder.encode(`${body.length.toString(16)}\r\n`), body, encoder.encode("\r\n"));
  }

  /** The pieces that `bytes` complete. */
  read(bytes: Uint8Array): EventsPart[] {
    this.#held = joined(this.#held, bytes);
    const parts: EventsPart[] = [];
    for (let part = this.#next(); part; part = this.#next()) parts.push(...part);
    return parts;
  }

  /** What the bytes held begin with; null if they do not suffice to tell. */
  #next(): EventsPart[] | null {
    if (this.#held.length === 0) return null;
    if (this.#state === "raw") return [{ kind: "raw", bytes: this.#take(this.#held.length) }];
    const text = latin1.decode(this.#held);
    if (this.#state === "head") {
      const end = text.indexOf("\r\n\r\n");
      if (end < 0) return null;
      const head = text.slice(0, end);
      this.#state = /^HTTP\/1\.1 200 /.test(head) && /^transfer-encoding: *chunked/im.test(head)
        ? "chunks"
        : "raw";
      return [{ kind: "raw", bytes: this.#take(end + 4) }];
    }
    const begin = text.indexOf("\r\n");
    if (begin < 0) return null;
    const size = parseInt(text.slice(0, begin), 16);
    if (!(size > 0)) { // the end, or nothing that we know
      this.#state = "raw";
      return [];
    }
    if (this.#held.length < begin + 2 + size + 2) return null;
    const chunk = this.#take(begin + 2 + size + 2);
    this.#text += this.#utf8.decode(chunk.subarray(begin + 2, begin + 2 + size), { stream: true });
    const lines = this.#text.split(/(?<=\n)/);
    this.#text = lines.at(-1)?.endsWith("\n") ? "" : lines.pop() ?? "";
    return lines.map((line) => ({ kind: "line", text: line, bytes: EventsBody.chunk(line) }));
  }

  #take(count: number): Uint8Array {
    const taken = this.#held.slice(0, count);
    this.#held = this.#held.slice(count);
    return taken;
  }
}

const encoder = new TextEncoder();
const latin1 = new TextDecoder("latin1");

function joined(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
