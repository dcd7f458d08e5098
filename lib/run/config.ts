/**
 * Settings: one zod object per worker, read once from the environment. All faults are reported together.
 *
 * @module
 */
import { z } from "@zod/zod";

/** Settings that cannot work. `faults` has one line for each: the variable, its value, what is allowed. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";

  constructor(readonly faults: readonly string[]) {
    super(`Cannot start with these settings:\n${faults.map((fault) => `  ${fault}`).join("\n")}`);
  }
}

/** Names of settings whose values must not be shown. */
const SECRET = /PASSWORD|SECRET|TOKEN|DSN|URL/;

/**
 * Reads settings from `env`. An empty variable counts as not set.
 *
 * @throws {ConfigError} naming every variable that is wrong.
 */
export function readConfig<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  env: Record<string, string | undefined>,
): Readonly<z.infer<z.ZodObject<Shape>>> {
  const given = Object.fromEntries(Object.keys(schema.shape).map((name) => [name, env[name] || undefined]));
  const parsed = schema.safeParse(given);
  if (parsed.success) return Object.freeze(parsed.data) as Readonly<z.infer<z.ZodObject<Shape>>>;
  throw new ConfigError(parsed.error.issues.map((issue) => {
    const name = String(issue.path[0] ?? "settings");
    const value = given[name];
    const shown = value === undefined ? "not set" : SECRET.test(name) ? "set" : JSON.stringify(value);
    return `${name} is ${shown}: ${issue.message}`;
  }));
}

/** A whole number from `min` to `max`. */
export function int(min: number, max: number = Number.MAX_SAFE_INTEGER): z.ZodType<number, string | undefined> {
  return z.string().optional().transform((text, context) => {
    const value = Number(text);
    if (text !== undefined && /^-?\d+$/.test(text) && value >= min && value <= max) return value;
    context.addIssue({ code: "custom", message: `expected a whole number from ${min} to ${max}` });
    return z.NEVER;
  }) as z.ZodType<number, string | undefined>;
}

/** A decimal number from `min` to `max`. */
export function decimal(min: number, max: number): z.ZodType<number, string | undefined> {
  return z.string().optional().transform((text, context) => {
    const value = Number(text);
    if (text !== undefined && /^-?\d+(\.\d+)?$/.test(text) && value >= min && value <= max) return value;
    context.addIssue({ code: "custom", message: `expected a number from ${min} to ${max}` });
    return z.NEVER;
  }) as z.ZodType<number, string | undefined>;
}

/** `true`/`false`, as the reference spells them, or `yes`/`no`, `1`/`0`, `on`/`off`. */
export function bool(): z.ZodType<boolean, string | undefined> {
  return z.string().optional().transform((text, context) => {
    if (/^(true|yes|1|on)$/i.test(text ?? "")) return true;
    if (/^(false|no|0|off)$/i.test(text ?? "")) return false;
    context.addIssue({ code: "custom", message: "expected true or false" });
    return z.NEVER;
  }) as z.ZodType<boolean, string | undefined>;
}

/** An address with one of `schemes` (each without its colon). */
export function address(...schemes: string[]): z.ZodType<string, string | undefined> {
  return z.string({ error: `expected an address that starts with ${schemes.map((s) => `${s}://`).join(" or ")}` })
    .refine((text) => schemes.some((scheme) => text.startsWith(`${scheme}://`) && text.length > scheme.length + 3), {
      error: `expected an address that starts with ${schemes.map((s) => `${s}://`).join(" or ")}`,
    });
}
