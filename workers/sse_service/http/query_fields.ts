/**
 * Fields of a query string, as many routes have them. One that is given without a value counts as not given.
 *
 * @module
 */
import { z } from "@hono/zod-openapi";

/** Longest text that is searched for (characters). */
const MAX_TEXT = 256;

/** A whole number from `min` to `max`, in digits only. */
export function wholeNumber({ min = 0, max, fallback }: { min?: number; max: number; fallback: number }) {
  return z.string().transform((text, context) => {
    if (text === "") return fallback;
    const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    context.addIssue({ code: "custom", message: `expected a whole number from ${min} to ${max}` });
    return z.NEVER;
  }).default(fallback).openapi({ type: "integer", minimum: min, maximum: max, default: fallback });
}

/** Some text to look for, which Postgres and Redis can hold. */
export const searchedText = z.string().max(MAX_TEXT)
  .refine((text) => !text.includes("\0"), { error: "expected text without NUL" })
  .refine((text) => text.isWellFormed(), { error: "expected text without halves of characters" })
  .transform((text) => text === "" ? undefined : text)
  .optional();

/** Several of `values`, separated by commas; none if not given. */
export function listOf<const Value extends string>(values: readonly Value[]) {
  return z.string().transform((text, context): Value[] => {
    const items = text === "" ? [] : [...new Set(text.split(","))];
    const known = items.filter((item): item is Value => values.includes(item as Value));
    if (known.length === items.length) return known;
    context.addIssue({
      code: "custom",
      message: `expected some of ${values.join(", ")}, separated by commas`,
    });
    return z.NEVER;
  }).default([]).openapi({
    type: "array",
    items: { type: "string", enum: [...values] },
    default: undefined,
    param: { style: "form", explode: false },
  });
}

/** `true` or `false`. */
export const flag = z.enum(["true", "false", ""]).transform((text) => text === "true").default(false)
  .openapi({ type: "boolean", enum: undefined, default: false });
