import type { OpenAPIHono } from "@hono/zod-openapi";

/** An OpenAPI 3.1 document. */
export type ApiDocument = ReturnType<OpenAPIHono["getOpenAPI31Document"]>;

type Paths = NonNullable<ApiDocument["paths"]>;
type Operation = NonNullable<Paths[string]["get"]>;

const METHODS = ["get", "post", "put", "patch", "delete"] as const;

const ERROR = { "application/json": { schema: { $ref: "#/components/schemas/Error" } } };

/**
 * Adds to each operation what all have in common and none says: the answers of whatever stands in front of all routes.
 * Pure.
 */
export function completeDocument(document: ApiDocument): ApiDocument {
  const paths = Object.entries(document.paths ?? {}).map(([path, item]): [string, Paths[string]] => {
    const operations = METHODS.flatMap((method) => {
      const operation = item[method];
      return operation ? [[method, completeOperation(operation)]] : [];
    });
    return [path, { ...item, ...Object.fromEntries(operations) }];
  });
  return { ...document, paths: Object.fromEntries(paths) };
}

function completeOperation(operation: Operation): Operation {
  const asksForToken = (operation.security ?? []).length > 0;
  return {
    ...operation,
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
