/**
 * Whether an answer is one that the OpenAPI document allows: no 5xx, a documented status, a body within its schema.
 *
 * @module
 */
import AjvModule from "ajv/dist/2020.js";
import formatsModule from "ajv-formats";
import type { Operation } from "./document.ts";

/** An answer, as far as it was read. */
export interface FuzzAnswer {
  readonly status: number;
  readonly contentType: string;
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
    const { status, contentType, body, whole } = answer;
    if (status >= 500) return `answer ${status}: ${body.slice(0, 300)}`;
    const documented = operation.answers[String(status)];
    if (!documented) return `status ${status} is not documented: ${body.slice(0, 300)}`;
    const types = Object.keys(documented.content);
    if (types.length === 0) return null;
    const type = contentType.split(";")[0]?.trim() ?? "";
    const described = documented.content[type];
    if (!described) {
      return `status ${status} with ${contentType || "no content type"}, not ${types.join(" or ")}`;
    }
    if (!/\bjson$/.test(type) || !whole) return null;
    let value: unknown;
    try {
      value = JSON.parse(body);
    } catch {
      return `status ${status} with a body that is no JSON: ${body.slice(0, 300)}`;
    }
    const pointer = [
      operation.path,
      operation.method.toLowerCase(),
      "responses",
      String(status),
      "content",
      type,
    ];
    const ref = `openapi#/paths/${pointer.map(escaped).join("/")}/schema`;
    if (!described.schema || this.#ajv.validate({ $ref: ref }, value)) return null;
    return `status ${status} outside its schema: ${this.#ajv.errorsText()}: ${body.slice(0, 300)}`;
  }
}

function escaped(part: string): string {
  return encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"));
}
