/**
 * Whether an answer is one that the OpenAPI document allows: no 5xx, a documented status, a body within its schema.
 *
 * @module
 */
import AjvModule from "ajv/dist/2020.js";
import formatsModule from "ajv-formats";
import { createParser } from "eventsource-parser";
import type { Operation } from "./document.ts";

/** An answer, as far as it was read. */
export interface FuzzAnswer {
  readonly status: number;
  /** By names in small letters. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Whether the body was read to its end. */
  readonly whole: boolean;
}

/** Compares answers with a document; compiles each schema once. */
export class AnswerCheck {
  // deno-lint-ignore no-explicit-any -- the packages' types describe their CommonJS form
  readonly #ajv: any;

  constructor(document: unknown) {
    // deno-lint-ignore no-explicit-any -- see above
    const [Ajv, addFormats] = [AjvModule as any, formatsModule as any].map((one) => one.default ?? one);
    this.#ajv = new Ajv({ strict: false, allErrors: true });
    addFormats(this.#ajv);
    this.#ajv.addSchema(document, "openapi");
  }

  /** What is wrong with the answer to an operation; null if nothing is. */
  fault(operation: Operation, answer: FuzzAnswer): string | null {
    const { status, headers, body, whole } = answer;
    if (status >= 500) return `answer ${status}: ${body.slice(0, 300)}`;
    const documented = operation.answers[String(status)];
    if (!documented) return `status ${status} is not documented: ${body.slice(0, 300)}`;
    if (status === 405 && !headers["allow"]) return "status 405 without Allow";
    const types = Object.keys(documented);
    if (types.length === 0) return null;
    const type = headers["content-type"]?.split(";")[0]?.trim() ?? "";
    const schema = documented[type];
    if (schema === undefined) return `status ${status} with "${type}", not ${types.join(" or ")}`;
    const isJson = /\bjson$/.test(type);
    if (type !== "text/event-stream" && !(isJson && whole)) return null;
    let values: unknown[];
    try {
      values = isJson ? [JSON.parse(body)] : eventsIn(body);
    } catch {
      return `status ${status} with a body that is no JSON: ${body.slice(0, 300)}`;
    }
    const wrong = values.find((value) => !this.#ajv.validate({ $ref: `openapi${uriOf(schema)}` }, value));
    if (wrong === undefined) return null;
    const text = JSON.stringify(wrong).slice(0, 300);
    return `status ${status} outside its schema: ${this.#ajv.errorsText()}: ${text}`;
  }
}

/** The events of a stream that may be cut off anywhere, with their data parsed. */
function eventsIn(body: string): unknown[] {
  const events: unknown[] = [];
  const parser = createParser({
    onEvent: ({ id, event, data }) => events.push({ id, event, data: JSON.parse(data) }),
  });
  parser.feed(body);
  return events;
}

/** A JSON pointer as part of a URI. */
function uriOf(pointer: string): string {
  return pointer.split("/").map((part, at) => at === 0 ? part : encodeURIComponent(part)).join("/");
}
