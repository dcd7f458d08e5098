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

/** What an operation may answer with one status: by media type where its schema is, as a JSON pointer; empty: no body. */
export type DocumentedAnswer = Readonly<Record<string, string>>;

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

const METHODS = ["get", "put", "post", "delete", "patch"];
/** Methods that no path has; OPTIONS is the business of CORS. */
const STRANGE_METHODS = ["TRACE", "PROPFIND"];

// deno-lint-ignore no-explicit-any -- a document from outside, looked at field by field
type Document = any;

/** Every operation of the document, in its order; HEAD, which no document names, behind GET. */
export function operationsOf(document: Document): Operation[] {
  return Object.entries<Document>(document.paths ?? {}).flatMap(([path, item]) =>
    METHODS.filter((method) => method in item).flatMap((method): Operation[] => {
      const { requestBody, parameters = [], security, responses } = item[method];
      const operation: Operation = {
        method: method.toUpperCase(),
        path,
        parameters: [...item.parameters ?? [], ...parameters].map((one) => resolved(document, one)),
        asksForToken: (security ?? document.security ?? []).length > 0,
        body: resolved(document, requestBody)?.content?.["application/json"]?.schema ?? null,
        answers: answersOf(document, `/paths/${escaped(path)}/${method}/responses`),
      };
      if (method !== "get") return [operation];
      const bodiless = Object.fromEntries(Object.keys(responses).map((status) => [status, {}]));
      return [operation, { ...operation, method: "HEAD", answers: bodiless }];
    })
  );
}

/** What each path answers to methods that it does not have. */
export function wrongMethodsOf(document: Document): Operation[] {
  const operations = operationsOf(document);
  const known = new Set(operations.map(({ method, path }) => `${method} ${path}`));
  const methods = [...METHODS.map((method) => method.toUpperCase()), "HEAD", ...STRANGE_METHODS];
  const answers = { 405: { "application/json": "#/components/schemas/Error" } };
  return operations.flatMap((operation) =>
    methods.filter((method) => !known.has(`${method} ${operation.path}`)).map((method) => {
      known.add(`${method} ${operation.path}`);
      return {
        ...operation,
        method,
        asksForToken: false,
        answers: method === "HEAD" ? { 405: {} } : answers,
      };
    })
  );
}

/** Whether a request for `target` is for this path: what stands for a name may have added or taken away slashes. */
export function isPathOf({ path: template }: Operation, target: string): boolean {
  const path = pathOf(target).split("/");
  const parts = template.split("/");
  return path.length === parts.length &&
    path.every((part, at) => parts[at]?.startsWith("{") ? part !== "" : parts[at] === part);
}

/** The path that a target leads to, once dots are followed. */
export function pathOf(target: string): string {
  return URL.parse(`http://host${target}`)?.pathname ?? target;
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

function answersOf(document: Document, at: string): Operation["answers"] {
  const responses = Object.entries<Document>(resolved(document, { $ref: `#${at}` }) ?? {});
  return Object.fromEntries(responses.map(([status, answer]) => [
    status,
    Object.fromEntries(
      Object.keys(resolved(document, answer).content ?? {}).map((
        type,
      ) => [type, `#${at}/${status}/content/${escaped(type)}/schema`]),
    ),
  ]));
}

function escaped(part: string): string {
  return part.replaceAll("~", "~0").replaceAll("/", "~1");
}
