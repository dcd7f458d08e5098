/**
 * What values of the scripts are and what operators do with them.
 *
 * @module
 */

/** A value within a script; texts hold one byte per character. A list starts at index 1, as in Lua. */
export type LuaValue = null | boolean | number | string | LuaValue[] | LuaNames | LuaFunction | LuaSpread;
/** Values by name, such as `redis` or a status reply. */
export interface LuaNames {
  readonly [name: string]: LuaValue;
}
/** What a script may call. */
export type LuaFunction = (...args: LuaValue[]) => LuaValue;

/** Marks several values that stand for as many arguments, as `unpack` gives them. */
export class LuaSpread {
  readonly values: readonly LuaValue[];

  constructor(values: readonly LuaValue[]) {
    this.values = values;
  }
}

/** Whether a condition holds: everything but nil and false. */
export function isTrue(value: LuaValue): boolean {
  return value !== null && value !== false;
}

/** As a number; texts that read as one count. @throws {TypeError} */
export function number(value: LuaValue): number {
  const result = typeof value === "number" ? value : typeof value === "string" ? Number(value) : NaN;
  if (Number.isNaN(result)) throw new TypeError(`Cannot calculate with ${JSON.stringify(value)}`);
  return result;
}

/** Entries of a list, or characters of a text. */
export function lengthOf(value: LuaValue): number {
  if (typeof value === "string" || Array.isArray(value)) return value.length;
  throw new TypeError(`Cannot tell the length of ${JSON.stringify(value)}`);
}

/** The entry of a list, or the value of a name; nil if there is none. */
export function valueAt(base: LuaValue, key: LuaValue): LuaValue {
  if (Array.isArray(base)) return base[number(key) - 1] ?? null;
  if (typeof base === "object" && base !== null && typeof key === "string") {
    return (base as LuaNames)[key] ?? null;
  }
  throw new TypeError(`Cannot look for ${JSON.stringify(key)} in ${JSON.stringify(base)}`);
}

/** Calls a function. @throws {TypeError} if it is none. */
export function call(target: LuaValue, args: readonly LuaValue[]): LuaValue {
  if (typeof target !== "function") throw new TypeError(`Cannot call ${JSON.stringify(target)}`);
  return target(...args.flatMap((arg) => arg instanceof LuaSpread ? arg.values : [arg]));
}

/** What an operator makes of its operands; `and` and `or` look at the second one only if they must. */
export function binary(operator: string, left: () => LuaValue, right: () => LuaValue): LuaValue {
  const one = left();
  if (operator === "and") return isTrue(one) ? right() : one;
  if (operator === "or") return isTrue(one) ? one : right();
  const other = right();
  if (operator === "==") return one === other;
  if (operator === "~=") return one !== other;
  if (operator === "..") return concatenable(one) + concatenable(other);
  if (["<", ">", "<=", ">="].includes(operator)) return compared(operator, one, other);
  const [a, b] = [number(one), number(other)];
  if (operator === "+") return a + b;
  if (operator === "-") return a - b;
  if (operator === "*") return a * b;
  return operator === "/" ? a / b : a - Math.floor(a / b) * b;
}

/** Unlike arithmetic, comparing never makes a number of a text. */
function compared(operator: string, one: LuaValue, other: LuaValue): boolean {
  if (typeof one !== typeof other || (typeof one !== "number" && typeof one !== "string")) {
    throw new TypeError(`Cannot compare ${JSON.stringify(one)} with ${JSON.stringify(other)}`);
  }
  const [a, b] = [one, other as number | string];
  if (operator === "<") return a < b;
  if (operator === ">") return a > b;
  return operator === "<=" ? a <= b : a >= b;
}

function concatenable(value: LuaValue): string {
  if (typeof value === "string" || typeof value === "number") return String(value);
  throw new TypeError(`Cannot append ${JSON.stringify(value)} to a text`);
}
