/**
 * The `filters` parameter: a JSON object of lists, `{"label":["a=b"]}`, or in the older form of sets,
 * `{"label":{"a=b":true}}`. An absent key lets everything through.
 *
 * @module
 */
import { z } from "@zod/zod";
import { EngineError } from "./engine_error.ts";

/** Filter name → the values given. */
export type Filters = ReadonlyMap<string, readonly string[]>;

const Wanted = z.record(z.string(), z.union([z.array(z.string()), z.record(z.string(), z.boolean())]));

/** @throws {EngineError} 400 if the text is no such object. */
export function parseFilters(text: string | undefined): Filters {
  if (!text) return new Map();
  try {
    const given = Object.entries(Wanted.parse(JSON.parse(text)));
    return new Map(
      given.map(([name, values]) => [name, Array.isArray(values) ? values : Object.keys(values)]),
    );
  } catch (cause) {
    throw new EngineError(400, `Cannot read the filters ${text}: expected a JSON object of lists`, { cause });
  }
}

/** Whether `value` is one of those given for `name`. */
export function isOneOf(filters: Filters, name: string, value: string): boolean {
  const values = filters.get(name) ?? [];
  return values.length === 0 || values.includes(value);
}

/** Whether one of `values` begins with one of the texts given for `name`. */
export function beginsWithOneOf(filters: Filters, name: string, values: readonly string[]): boolean {
  const starts = filters.get(name) ?? [];
  return starts.length === 0 || starts.some((start) => values.some((value) => value.startsWith(start)));
}

/** Whether one of `values` matches one of the regular expressions given for `name`; a malformed one never does. */
export function matchesOneOf(filters: Filters, name: string, values: readonly string[]): boolean {
  const patterns = filters.get(name) ?? [];
  return patterns.length === 0 || patterns.some((pattern) => values.some((value) => matches(pattern, value)));
}

/** Whether `labels` has every `key` or `key=value` given under `label`. */
export function hasLabels(filters: Filters, labels: Readonly<Record<string, string>>): boolean {
  return (filters.get("label") ?? []).every((wanted) => {
    const [key = "", ...value] = wanted.split("=");
    return Object.hasOwn(labels, key) && (value.length === 0 || labels[key] === value.join("="));
  });
}

function matches(pattern: string, value: string): boolean {
  try {
    return new RegExp(pattern).test(value);
  } catch {
    return false;
  }
}
