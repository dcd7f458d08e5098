/**
 * Stand-in for the JSR package `@std/assert`, for machines that cannot reach JSR: the few functions this
 * project uses, on top of `node:assert/strict`. Deleting this folder's entry under `links` in `deno.json`
 * uses JSR itself.
 *
 * @module
 */
import assertModule from "node:assert/strict";

/** Fails unless `condition` is truthy. */
export function assert(condition: unknown, message?: string): asserts condition {
  assertModule.ok(condition, message);
}

/** Fails unless both values are deeply and strictly equal. */
export function assertEquals<T>(actual: T, expected: T, message?: string): void {
  assertModule.deepStrictEqual(actual, expected, message);
}

/** Fails if both values are deeply and strictly equal. */
export function assertNotEquals<T>(actual: T, expected: T, message?: string): void {
  assertModule.notDeepStrictEqual(actual, expected, message);
}

/** Fails unless `text` contains `part`. */
export function assertStringIncludes(text: string, part: string, message?: string): void {
  assertModule.ok(
    text.includes(part),
    message ?? `Expected ${JSON.stringify(text)} to include ${JSON.stringify(part)}`,
  );
}

/** Fails unless `text` matches `pattern`. */
export function assertMatch(text: string, pattern: RegExp, message?: string): void {
  assertModule.match(text, pattern, message);
}

// deno-lint-ignore no-explicit-any
type ErrorClass<E extends Error> = abstract new (...args: any[]) => E;

/** Fails unless `fn` throws an `ErrorType` whose message includes `part`; returns what it threw. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorType: ErrorClass<E> = Error as unknown as ErrorClass<E>,
  part = "",
): E {
  try {
    fn();
  } catch (error) {
    return expectError(error, ErrorType, part);
  }
  throw new assertModule.AssertionError({ message: `Expected ${ErrorType.name} to be thrown` });
}

/** Fails unless the promise of `fn` rejects with an `ErrorType` whose message includes `part`; returns it. */
export async function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorType: ErrorClass<E> = Error as unknown as ErrorClass<E>,
  part = "",
): Promise<E> {
  try {
    await fn();
  } catch (error) {
    return expectError(error, ErrorType, part);
  }
  throw new assertModule.AssertionError({ message: `Expected ${ErrorType.name} to be thrown` });
}

function expectError<E extends Error>(error: unknown, ErrorType: ErrorClass<E>, part: string): E {
  assertModule.ok(error instanceof ErrorType, `Expected ${ErrorType.name}, got ${error}`);
  assertStringIncludes(error.message, part);
  return error;
}
