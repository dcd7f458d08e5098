import type { OpenAPIHono } from "@hono/zod-openapi";

/** An OpenAPI 3.1 document. */
export type ApiDocument = ReturnType<OpenAPIHono["getOpenAPI31Document"]>;

type Paths = NonNullable<ApiDocument["paths"]>;
type Operation = NonNullable<Paths[string]["get"]>;

const METHODS = ["get", "post", "put", "patch", "delete"] as const;

/** To which part of the document a route belongs that does not say so. */
const TAGS: readonly (readonly [RegExp, string])[] = [
  [/^\/api\/session$/, "Sessions"],
  [/^\/api\/dlq\b/, "Dead letters"],
  [/^\/api\//, "Jobs"],
  [/^\/logs\//, "Logs"],
  [/^\/events\//, "Events"],
  [/./, "Operations"],
];

const ERROR = { "application/json": { schema: { $ref: "#/components/schemas/Error" } } };

/**
 * Adds to each operation what all have in common and none says: the answers of whatever stands in front of all routes.
 * And what its route does not say: a name, and where in the document it belongs. Pure.
 */
export function completeDocument(document: ApiDocument): ApiDocument {
  const paths = Object.entries(document.paths ?? {}).map(([path, item]): [string, Paths[string]] => {
    const operations = METHODS.flatMap((method) => {
      const operation = item[method];
      return operation ? [[method, completeOperation({ path, method }, operation)]] : [];
    });
    return [path, { ...item, ...Object.fromEntries(operations) }];
  });
  return { ...document, paths: Object.fromEntries(paths) };
}

function completeOperation(
  { path, method }: { path: string; method: string },
  operation: Operation,
): Operation {
  const asksForToken = (operation.security ?? []).length > 0;
  return {
    ...operation,
    operationId: operation.operationId ?? nameOf(method, path),
    tags: operation.tags ?? [TAGS.find(([pattern]) => pattern.test(path))?.[1] ?? "Operations"],
    responses: {
      ...(asksForToken ? { 401: { description: "There is no valid token", content: ERROR } } : {}),
      403: {
        description: asksForToken
          ? "The token does not allow this, or the request comes by a host or from a page that may not make it"
          : "The request comes by a host or from a page that may not make it",
        content: ERROR,
      },
      ...operation.responses,
      default: { description: "Any other fault", content: ERROR },
    },
  };
}

/** `GET /logs/{job_id}/history` is `getLogsHistory`. */
function nameOf(method: string, path: string): string {
  const words = path.replace(/\{\w+\}/g, "").match(/[a-z0-9]+/gi) ?? [];
  const named = words.filter((word) => word !== "api").map((word) => word[0]?.toUpperCase() + word.slice(1));
  return method + named.join("");
}
