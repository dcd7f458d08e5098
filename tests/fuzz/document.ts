/**
 * The part of an OpenAPI 3.1 document that requests are made from and answers are compared with. Pure.
 *
 * @module
 */

/** A JSON schema, as far as generation looks at it. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly default?: unknown;
  readonly example?: unknown;
  readonly examples?: readonly unknown[];
}

/** Where a value goes. */
export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header" | "cookie";
  readonly required?: boolean;
  readonly schema?: Schema;
  readonly example?: unknown;
}

/** What an operation may answer with one status. */
export interface DocumentedAnswer {
  /** By media type; empty: no body is described. */
  readonly content: Readonly<Record<string, { readonly schema?: Schema }>>;
}

/** One method of one path. */
export interface Operation {
  readonly method: string;
  /** With names in braces. */
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly body: Schema | null;
  readonly answers: Readonly<Record<string, DocumentedAnswer>>;
  readonly asksForToken: boolean;
}

const METHODS = ["get", "put", "post", "delete", "options", "head", "patch"];

// deno-lint-ignore no-explicit-any -- a document from outside, looked at field by field
type Document = any;

/** Every operation of the document, in its order. */
export function operationsOf(document: Document): Operation[] {
  return Object.entries<Document>(document.paths ?? {}).flatMap(([path, item]) =>
    METHODS.filter((method) => method in item).map((method): Operation => {
      const operation = item[method];
      return {
        method: method.toUpperCase(),
        path,
        parameters: [...item.parameters ?? [], ...operation.parameters ?? []].map((one) =>
          resolved(document, one)
        ),
        asksForToken: (operation.security ?? document.security ?? []).length > 0,
        body: resolved(document, operation.requestBody)?.content?.["application/json"]?.schema ?? null,
        answers: Object.fromEntries(
          Object.entries<Document>(operation.responses ?? {}).map(([status, answer]) => [
            status,
            { content: resolved(document, answer).content ?? {} },
          ]),
        ),
      };
    })
  );
}

/** What a `$ref` within the document stands for; anything else as it is. */
export function resolved(document: Document, value: Document): Document {
  if (typeof value?.$ref !== "string") return value;
  let found = document;
  for (const part of value.$ref.replace(/^#\//, "").split("/")) {
    found = found?.[part.replaceAll("~1", "/").replaceAll("~0", "~")];
  }
  return resolved(document, found);
}
