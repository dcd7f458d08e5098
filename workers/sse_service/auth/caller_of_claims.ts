import { type Caller, type Scope, SCOPES } from "./caller.ts";
import { InvalidTokenError } from "./invalid_token_error.ts";

/** Longest `sub` accepted (characters); it is kept in the history of workflows. */
const MAX_SUBJECT = 255;
/** Last moment that a date can hold (s since 1970). */
const MAX_TIME_S = 8.64e12;

/**
 * Who the claims of a verified token speak of (http.md, Auth). A claim in a shape that we do not know could have
 * been meant as a limit, so it is refused and not passed over. Pure; `now` in ms since 1970.
 *
 * @throws {InvalidTokenError}
 */
export function callerOfClaims(claims: Readonly<Record<string, unknown>>, now: number): Caller {
  return {
    subject: subjectOf(claims.sub),
    scopes: scopesOf(claims.scope),
    jobs: jobPatterns(claims.jobs),
    expiresAtMs: endOf(claims.exp, now),
  };
}

/** To the moment: a stream ends with its token, so a token must not open another one after that. */
function endOf(exp: unknown, now: number): number {
  if (typeof exp !== "number" || !(Math.abs(exp) <= MAX_TIME_S)) {
    throw new InvalidTokenError('the token has no time in its claim "exp"');
  }
  if (exp * 1_000 <= now) throw new InvalidTokenError("the token has expired", { code: "token_expired" });
  return exp * 1_000;
}

function subjectOf(sub: unknown): string | null {
  if (sub === undefined) return null;
  // deno-lint-ignore no-control-regex -- exactly these are not wanted in the database and in logs
  const usable = typeof sub === "string" && sub.isWellFormed() && !/[\x00-\x1f\x7f]/.test(sub);
  if (usable && sub.length > 0 && sub.length <= MAX_SUBJECT) return sub;
  throw new InvalidTokenError(
    `the token has no claim "sub" of 1 to ${MAX_SUBJECT} characters without control characters`,
  );
}

/** Divided by spaces (RFC 8693 §4.2), or a list as some issuers write it; scopes of other services are passed over. */
function scopesOf(scope: unknown): ReadonlySet<Scope> {
  if (scope === undefined) return new Set();
  const words = typeof scope === "string" ? scope.split(" ") : scope;
  if (!isTexts(words)) throw new InvalidTokenError('the token has no text in its claim "scope"');
  return new Set(SCOPES.filter((known) => words.includes(known)));
}

/** Whatever holds other characters names no job; the database could not even be asked about some of them. */
const NAMEABLE = /^[\w.-]*\*?$/;

function jobPatterns(jobs: unknown): readonly string[] | null {
  if (jobs === undefined) return null;
  if (isTexts(jobs)) return jobs.includes("*") ? null : jobs.filter((pattern) => NAMEABLE.test(pattern));
  throw new InvalidTokenError(
    'the token has no list of job ids and prefixes ending in "*" in its claim "jobs"',
  );
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
