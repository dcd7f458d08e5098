/**
 * An operation of the OpenAPI document → requests, from well-behaved to hostile. Pure.
 *
 * @module
 */
import fc from "fast-check";
import { type Operation, type Parameter, resolved } from "./document.ts";
import type { Credential } from "./credentials.ts";
import { hostileJson, hostileText } from "./hostile.ts";
import { schemaValues } from "./schema_values.ts";

/** A request as it is sent. */
export interface FuzzRequest {
  readonly operation: Operation;
  /** Path and query, as they go over the wire. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** What the generator knows of the service beside its document. */
export interface Known {
  /** Values that exist, by parameter name: so that requests get past "not found". */
  readonly values: Readonly<Record<string, readonly string[]>>;
  /** Tokens that requests come with; none where nobody is asked for one. */
  readonly credentials: readonly Credential[];
}

/** Methods whose requests have no body. */
const BODILESS = new Set(["GET", "HEAD", "TRACE"]);

/** Requests for one operation. */
export function requestsFor(
  document: unknown,
  operation: Operation,
  known: Known,
): fc.Arbitrary<FuzzRequest> {
  const path = fc.tuple(
    ...operation.parameters.filter((one) => one.in === "path").map((one) =>
      pathValue(document, one, known).map((value) => [one.name, value] as const)
    ),
  );
  const query = fc.tuple(
    ...operation.parameters.filter((one) => one.in === "query").map((one) =>
      queryPairs(document, one, known)
    ),
    strangerPairs,
  );
  return fc.record({
    path,
    query,
    headers: headers(document, operation, known),
    body: bodies(document, operation),
  })
    .map(
      ({ path, query, headers, body }) => {
        let target = operation.path;
        for (const [name, value] of path) target = target.replace(`{${name}}`, () => value);
        const search = query.flat().map(([name, value]) => `${encoded(name)}=${encoded(value)}`).join("&");
        return {
          operation,
          target: search === "" ? target : `${target}?${search}`,
          headers: body === null ? withoutType(headers) : headers,
          body,
        };
      },
    );
}

function pathValue(document: unknown, parameter: Parameter, { values }: Known): fc.Arbitrary<string> {
  const exists = values[parameter.name] ?? [];
  return fc.oneof(
    ...exists.length > 0 ? [{ weight: 6, arbitrary: fc.constantFrom(...exists).map(encoded) }] : [],
    { weight: 2, arbitrary: textOf(document, parameter).map((text) => encoded(text) || "%20") },
    { weight: 1, arbitrary: hostileText.map((text) => encoded(text) || "%20") },
    // As it is: broken percent signs, dots and slashes included.
    { weight: 1, arbitrary: hostileText.map(asTarget).filter((text) => text !== "") },
  );
}

function queryPairs(
  document: unknown,
  parameter: Parameter,
  { values }: Known,
): fc.Arbitrary<[string, string][]> {
  const pair = valueOf(document, parameter, values).map((text): [string, string] => [parameter.name, text]);
  return fc.oneof(
    { weight: parameter.required ? 1 : 6, arbitrary: fc.constant<[string, string][]>([]) },
    { weight: 6, arbitrary: pair.map((one) => [one]) },
    { weight: 1, arbitrary: fc.tuple(pair, pair) },
  );
}

const strangerPairs: fc.Arbitrary<[string, string][]> = fc.oneof(
  { weight: 9, arbitrary: fc.constant<[string, string][]>([]) },
  { weight: 1, arbitrary: fc.tuple(hostileText, hostileText).map((pair) => [pair]) },
);

function valueOf(
  document: unknown,
  parameter: Parameter,
  values: Known["values"],
): fc.Arbitrary<string> {
  const exists = values[parameter.name] ?? [];
  return fc.oneof(
    { weight: 4, arbitrary: textOf(document, parameter) },
    { weight: 1, arbitrary: hostileText },
    ...exists.length > 0
      ? [{ weight: 2, arbitrary: fc.constantFrom(...exists) }, { weight: 1, arbitrary: mangled(exists) }]
      : [],
  );
}

/** What exists, with some of it cut out and something else put in. */
function mangled(exists: readonly string[]): fc.Arbitrary<string> {
  const inserted = fc.oneof(fc.constantFrom("", "0", "9".repeat(20), "-", "_", ".", "z"), hostileText);
  return fc.tuple(fc.constantFrom(...exists), fc.nat(500), fc.nat(3), inserted).map(
    ([text, place, count, other]) => {
      const at = place % (text.length + 1);
      return text.slice(0, at) + other + text.slice(at + count);
    },
  );
}

function textOf(document: unknown, { schema }: Parameter): fc.Arbitrary<string> {
  const values = schemaValues(document, resolved(document, schema) ?? { type: "string" });
  return values.map((value) => typeof value === "string" ? value : JSON.stringify(value) ?? "");
}

function headers(
  document: unknown,
  { parameters }: Operation,
  { credentials, values }: Known,
): fc.Arbitrary<Record<string, string>> {
  const optional = (name: string, values: fc.Arbitrary<string>) =>
    fc.oneof(
      { weight: 4, arbitrary: fc.constant({}) },
      { weight: 1, arbitrary: values.map((value) => ({ [name]: asHeader(value) })) },
    );
  return fc.tuple(
    fc.constantFrom(
      "application/json",
      "application/json",
      "application/json; charset=utf-8",
      "text/plain",
      "x",
    )
      .map((type) => ({ "content-type": type })),
    optional(
      "accept",
      fc.constantFrom("text/plain", "application/openmetrics-text", "*/*", "text/html", "x"),
    ),
    ...parameters.filter((one) => one.in === "header").map((one) =>
      optional(one.name, valueOf(document, one, values))
    ),
    credentials.length === 0 ? fc.constant({}) : bearing(credentials),
    optional("authorization", hostileText.map((text) => `Bearer ${text}`)),
    optional("cookie", hostileText.map((text) => `chris_session=${text}`)),
    optional("range", fc.constantFrom("bytes=0-1", "bytes=-1", "lines=1")),
  ).map((parts) => Object.assign({}, ...parts));
}

/** A token, mostly the one that opens everything, so that requests get past the door. */
function bearing([best, ...others]: readonly Credential[]): fc.Arbitrary<Record<string, string>> {
  const one = fc.oneof({ weight: 1, arbitrary: fc.constant(best) }, {
    weight: 1,
    arbitrary: fc.constantFrom(...others),
  });
  return fc.tuple(one, fc.constantFrom("authorization", "authorization", "cookie", "nowhere")).map(
    ([credential, where]): Record<string, string> => {
      if (!credential || where === "nowhere") return {};
      return where === "cookie"
        ? { cookie: `chris_session=${credential.token}` }
        : { authorization: `Bearer ${credential.token}` };
    },
  );
}

function bodies(document: unknown, { method, body }: Operation): fc.Arbitrary<string | null> {
  if (BODILESS.has(method)) return fc.constant(null);
  const json = (values: fc.Arbitrary<unknown>) => values.map((value) => JSON.stringify(value) ?? "");
  return fc.oneof(
    ...body ? [{ weight: 8, arbitrary: json(schemaValues(document, body)) }] : [],
    { weight: 1, arbitrary: json(hostileJson) },
    {
      weight: 1,
      arbitrary: fc.constantFrom("", "{", "{}", '{"a":1,"a":2}', "[1,", "\ufeff{}", "x".repeat(200_000)),
    },
    { weight: 1, arbitrary: fc.constant(null) },
  );
}

/** Percent-encoded; a lone surrogate, which no encoding has, becomes U+FFFD. */
function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

/** What may stand in a request's first line. */
function asTarget(text: string): string {
  // deno-lint-ignore no-control-regex -- such a character would end the line
  return text.toWellFormed().replace(/[\u0000-\u0020#?\u007f-\uffff]/g, "").slice(0, 500);
}

/** What may stand in a header. */
function asHeader(text: string): string {
  // deno-lint-ignore no-control-regex -- such a character would end the header
  return text.replace(/[\u0000-\u001f\u007f\u0100-\uffff]/g, "").slice(0, 2_000).trim();
}

function withoutType(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name !== "content-type"));
}
