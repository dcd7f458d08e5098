/**
 * How columns become values and values become parameters, known beforehand.
 *
 * postgres.js can ask the server for its array types after each connect, but when the connection breaks in that
 * moment nobody catches the failure and the process ends. The numbers of built-in types never change.
 *
 * @module
 */
import type postgres from "postgres";

/** Type numbers of scalars and of their arrays, as in the catalogue `pg_type`. */
const ARRAYS = [
  { of: 16, array: 1000 }, // boolean
  { of: 20, array: 1016 }, // bigint
  { of: 21, array: 1005 }, // smallint
  { of: 23, array: 1007 }, // integer
  { of: 25, array: 1009 }, // text
  { of: 701, array: 1022 }, // double precision
  { of: 1043, array: 1015 }, // varchar
  { of: 1184, array: 1185 }, // timestamptz
  { of: 2950, array: 2951 }, // uuid
] as const;

/**
 * Differences from the types of postgres.js. `bigint` is read as a number, and a query fails rather than round a
 * value beyond 2^53 − 1. A text given for a `timestamptz` keeps its microseconds (a `Date` has none).
 */
export const COLUMN_TYPES: Record<string, postgres.PostgresType> = {
  bigint: { to: 20, from: [20], serialize: String, parse: safeInteger },
  timestamptz: {
    to: 1184,
    from: [1184],
    serialize: (time: Date | string) => time instanceof Date ? time.toISOString() : time,
    parse: (text: string) => new Date(text),
  },
};

/** Teaches `sql` the arrays of built-in types: `${list}::text[]`, `sql.array(list)`, and columns that hold arrays. */
export function addArrayTypes(sql: postgres.Sql): void {
  const { serializers, parsers, shared } = sql.options as typeof sql.options & {
    shared: { typeArrayMap: Record<number, number> };
  };
  for (const { of, array } of ARRAYS) {
    const parse = parsers[of] as ((text: string) => unknown) | undefined;
    shared.typeArrayMap[of] = array;
    serializers[array] = (list) => arrayLiteral(list, serializers[of]);
    parsers[array] = (literal) => parseArray(literal, parse);
  }
}

/**
 * A list as Postgres reads it: `{"a","b",NULL}`. A text is taken for a finished literal; lists in lists are kept.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { arrayLiteral } from "lib/store/column_types.ts";
 * assertEquals(arrayLiteral(['say "hi"', null, 3]), '{"say \\"hi\\"",NULL,"3"}');
 * ```
 */
export function arrayLiteral(
  list: readonly unknown[] | string,
  serialize: (value: unknown) => unknown = String,
): string {
  if (typeof list === "string") return list;
  const items = list.map((item) => {
    if (item === null || item === undefined) return "NULL";
    if (Array.isArray(item)) return arrayLiteral(item, serialize);
    const text = String(serialize(item));
    return `"${text.includes("\\") || text.includes('"') ? text.replace(/["\\]/g, "\\$&") : text}"`;
  });
  return `{${items.join(",")}}`;
}

/** Reads `{…}` as Postgres writes it; `NULL` becomes null. */
export function parseArray(literal: string, parse: (text: string) => unknown = (text) => text): unknown[] {
  const open: unknown[][] = [[]];
  for (const [token, quoted] of literal.matchAll(/[{}]|"((?:[^"\\]|\\.)*)"|[^{},"]+/gs)) {
    const list = open.at(-1) ?? [];
    if (token === "{") {
      const inner: unknown[] = [];
      list.push(inner);
      open.push(inner);
    } else if (token === "}") open.pop();
    else if (quoted !== undefined) list.push(parse(quoted.replace(/\\(.)/gs, "$1")));
    else list.push(token === "NULL" ? null : parse(token));
  }
  return open[0]?.[0] as unknown[] ?? [];
}

function safeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) {
    throw new RangeError(`Cannot read bigint ${text} as a number: beyond 2^53 − 1`);
  }
  return value;
}
