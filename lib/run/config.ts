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

/** Names of settings whose values must not be shown at all. */
const SECRET = /PASSWORD|SECRET|TOKEN|CREDENTIAL|BASIC_AUTH|_KEY$/;
/** Names of settings whose values may hold a password among other things. */
const ADDRESS = /URL|DSN|URI/;

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
    const name = issue.path[0];
    if (name === undefined) return issue.message;
    const value = given[String(name)];
    const missing = value === undefined && issue.message.startsWith("Invalid input");
    return `${String(name)} is ${shown(String(name), value)}: ${
      missing ? "a value is required" : issue.message
    }`;
  }));
}

/** A whole number from `min` to `max`. */
export function int(
  min: number,
  max: number = Number.MAX_SAFE_INTEGER,
): z.ZodType<number, string | undefined> {
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  return parsedBy(`expected a whole number ${range}`, (text) => {
    const value = Number(text);
    return /^-?\d+$/.test(text) && value >= min && value <= max ? value : undefined;
  });
}

/** A decimal number from `min` to `max`. */
export function decimal(min: number, max: number): z.ZodType<number, string | undefined> {
  return parsedBy(`expected a number from ${min} to ${max}`, (text) => {
    const value = Number(text);
    return /^-?\d+(\.\d+)?$/.test(text) && value >= min && value <= max ? value : undefined;
  });
}

/** `true`/`false`, as the reference spells them, or `yes`/`no`, `1`/`0`, `on`/`off`. */
export function bool(): z.ZodType<boolean, string | undefined> {
  return parsedBy("expected true or false", (text) => {
    if (/^(true|yes|1|on)$/i.test(text)) return true;
    return /^(false|no|0|off)$/i.test(text) ? false : undefined;
  });
}

/** An address with one of `schemes` (each without its colon). Several hosts may be listed, with commas. */
export function address(...schemes: string[]): z.ZodType<string, string | undefined> {
  const starts = schemes.map((scheme) => `${scheme}://`);
  return parsedBy(`expected an address that starts with ${starts.join(" or ")}`, (text) => {
    const start = starts.find((start) => text.startsWith(start));
    if (!start || text === start || /\s/.test(text)) return undefined;
    return text.includes(",") || URL.canParse(text) ? text : undefined;
  });
}

/** A setting read from its text by `parse`, which says undefined to what is not allowed. */
function parsedBy<Value>(
  expected: string,
  parse: (text: string) => Value | undefined,
): z.ZodType<Value, string | undefined> {
  return z.string().optional().transform((text, context): Value => {
    const value = text === undefined ? undefined : parse(text);
    if (value !== undefined) return value;
    context.addIssue({ code: "custom", message: expected });
    return z.NEVER;
  }) as z.ZodType<Value, string | undefined>;
}

/** The value for people to see: secrets are only said to be set, passwords inside addresses are masked. */
function shown(name: string, value: string | undefined): string {
  if (value === undefined) return "not set";
  if (SECRET.test(name)) return "set";
  const masked = value.replace(/^([a-z0-9+.-]+:\/\/)?.*@/is, "$1***@").replace(/(password=)[^&]*/gi, "$1***");
  return JSON.stringify(ADDRESS.test(name) ? masked : value);
}
