/**
 * Server-sent events from bytes, by the rules of the HTML standard ("Interpreting an event stream").
 *
 * @module
 */

/** One event as it was dispatched. */
export interface SseMessage {
  /** Value of its `event` field; `message` if it had none. */
  readonly type: string;
  readonly data: string;
  /** Id of this event, or of the last one before it that had an id; empty if none had. */
  readonly lastEventId: string;
}

/** Longest line and longest data of one event (UTF-16 units): beyond it, memory would grow without end. */
const MAX_EVENT_LENGTH = 64 * 1_024 * 1_024;

const FEED = 0x0a;
const RETURN = 0x0d;

/** Reads one stream. A new connection needs a new parser, which takes over the last event's id. */
export class SseParser {
  // Some decoders take a byte order mark away wherever it is cut in pieces: only the very first one is none of the text.
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  #begun = false;
  readonly #maxLength: number;
  /** The begun line. */
  #line = "";
  /** The last character was a carriage return: a line feed right after it ends no further line. */
  #afterReturn = false;
  #type = "";
  #data: string[] = [];
  #dataLength = 0;
  #id: string;
  #lastEventId: string;
  #retryMs: number | null = null;

  constructor(options: { lastEventId?: string; maxLength?: number } = {}) {
    this.#id = options.lastEventId ?? "";
    this.#lastEventId = this.#id;
    this.#maxLength = options.maxLength ?? MAX_EVENT_LENGTH;
  }

  /** Where to resume: the id of the last complete event. */
  get lastEventId(): string {
    return this.#lastEventId;
  }

  /** Pause before reconnecting that the stream asked for (ms); null if it did not. */
  get retryMs(): number | null {
    return this.#retryMs;
  }

  /**
   * Takes bytes as they came, cut anywhere, and returns the events that they complete. What is incomplete at the
   * end of a stream is no event, so nothing has to be told of the end.
   *
   * @throws {RangeError} if a line or an event is too large to be one.
   */
  push(bytes: Uint8Array): SseMessage[] {
    const decoded = this.#decoder.decode(bytes, { stream: true });
    const text = !this.#begun && decoded.startsWith("\ufeff") ? decoded.slice(1) : decoded;
    this.#begun ||= decoded !== "";
    const messages: SseMessage[] = [];
    let from = 0;
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code !== FEED && code !== RETURN) {
        this.#afterReturn = false;
        continue;
      }
      if (code === FEED && this.#afterReturn) {
        this.#afterReturn = false;
        from = at + 1;
        continue;
      }
      this.#afterReturn = code === RETURN;
      const line = this.#line + text.slice(from, at);
      this.#line = "";
      from = at + 1;
      const message = line === "" ? this.#dispatch() : this.#field(line);
      if (message) messages.push(message);
    }
    this.#line += text.slice(from);
    if (this.#line.length > this.#maxLength) throw this.#tooLarge();
    return messages;
  }

  #field(line: string): null {
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const rest = colon < 0 ? "" : line.slice(colon + 1);
    const value = rest.startsWith(" ") ? rest.slice(1) : rest;
    if (name === "data") {
      this.#data.push(value);
      this.#dataLength += value.length + 1;
      if (this.#dataLength > this.#maxLength) throw this.#tooLarge();
    } else if (name === "event") this.#type = value;
    else if (name === "id" && !value.includes("\0")) this.#id = value;
    else if (name === "retry" && /^[0-9]+$/.test(value)) this.#retryMs = Number(value);
    return null;
  }

  #dispatch(): SseMessage | null {
    const [type, data] = [this.#type || "message", this.#data];
    this.#type = "";
    this.#data = [];
    this.#dataLength = 0;
    this.#lastEventId = this.#id;
    // An event whose only data line is empty has data; one without any has none, and is not dispatched.
    return data.length === 0 ? null : { type, data: data.join("\n"), lastEventId: this.#lastEventId };
  }

  #tooLarge(): RangeError {
    return new RangeError(`Cannot read an event stream: an event is longer than ${this.#maxLength}`);
  }
}
