/**
 * JSON schema → values, most of them valid, some not at all. Pure.
 *
 * @module
 */
import fc from "fast-check";
import { resolved, type Schema } from "./document.ts";
import { hostileJson, hostileNumber, hostileText } from "./hostile.ts";

/** How deep generated values go. */
const MAX_DEPTH = 6;

/** Values for a schema of `document`: three of four fit it at each place, as far as it can be told. */
export function schemaValues(document: unknown, schema: Schema, depth = 0): fc.Arbitrary<unknown> {
  if (depth > MAX_DEPTH) return hostileJson;
  return fc.oneof(
    { weight: 7, arbitrary: fitting(document, resolved(document, schema), depth) },
    { weight: 1, arbitrary: hostileJson },
  );
}

function fitting(document: unknown, schema: Schema, depth: number): fc.Arbitrary<unknown> {
  if ("const" in schema) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return fc.oneof(...choices.map((choice) => schemaValues(document, choice, depth + 1)));
  const known = [schema.example, schema.default, ...schema.examples ?? []].filter((one) => one !== undefined);
  const types = schema.type === undefined ? [] : [schema.type].flat();
  const values = types.map((type) => ofType(document, schema, { type, depth }));
  if (known.length > 0) values.push(fc.constantFrom(...known));
  return values.length > 0 ? fc.oneof(...values) : hostileJson;
}

function ofType(
  document: unknown,
  schema: Schema,
  { type, depth }: { type: string; depth: number },
): fc.Arbitrary<unknown> {
  switch (type) {
    case "string":
      return fc.oneof(fc.string({ maxLength: 20 }), hostileText);
    case "integer":
      return fc.oneof(
        fc.integer({ min: clamp(schema.minimum, -1_000), max: clamp(schema.maximum, 10_000) }),
        hostileNumber,
      );
    case "number":
      return hostileNumber;
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array":
      return fc.array(schemaValues(document, schema.items ?? {}, depth + 1), { maxLength: 4 });
    default:
      return objects(document, schema, depth);
  }
}

function objects(document: unknown, schema: Schema, depth: number): fc.Arbitrary<unknown> {
  const properties = Object.entries(schema.properties ?? {}).map((
    [name, inner],
  ) => [name, schemaValues(document, inner, depth + 1)]);
  const record = fc.record(Object.fromEntries(properties), {
    requiredKeys: (schema.required ?? []).filter((name) => name in (schema.properties ?? {})) as never[],
  });
  return fc.oneof(
    { weight: 5, arbitrary: record },
    { weight: 1, arbitrary: record.map((value) => ({ ...value as object, unknown_field: 1 })) },
    { weight: 1, arbitrary: fc.record(Object.fromEntries(properties), { requiredKeys: [] }) },
  );
}

function clamp(bound: number | undefined, otherwise: number): number {
  return bound === undefined ? otherwise : Math.trunc(Math.min(Math.max(bound, -2e9), 2e9));
}
