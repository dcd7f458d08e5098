/**
 * Tokens checked (http.md, Auth): signature, issuer, audience, times, and then who they speak of.
 *
 * @module
 */
import { errors, type JWTPayload, jwtVerify, type JWTVerifyGetKey, type JWTVerifyOptions } from "jose";
import { OutageError } from "lib/run/outage_error.ts";
import type { Caller } from "./caller.ts";
import { callerOfClaims } from "./caller_of_claims.ts";
import { InvalidTokenError } from "./invalid_token_error.ts";
import type { TokenKeys } from "./token_keys.ts";

/** What a token must have been made for. */
export interface Expected {
  readonly issuer: string;
  readonly audience: string;
}

/** How far the issuer's clock may be ahead of ours (s); it does not lengthen a token's life. */
const CLOCK_TOLERANCE_S = 5;
/** Longest token looked at (characters). */
const MAX_TOKEN = 16_384;

/** Checks tokens. `now` gives ms since 1970. */
export class TokenVerifier {
  readonly #keys: TokenKeys;
  readonly #expected: Expected;
  readonly #now: () => number;

  constructor(keys: TokenKeys, expected: Expected, now: () => number = Date.now) {
    this.#keys = keys;
    this.#expected = expected;
    this.#now = now;
  }

  /**
   * Who bears this token.
   *
   * @throws {InvalidTokenError} if it lets nobody in.
   * @throws {OutageError} if its issuer's keys cannot be had.
   */
  async verify(token: string): Promise<Caller> {
    if (token.length > MAX_TOKEN) {
      throw new InvalidTokenError(`the token has more than ${MAX_TOKEN} characters`);
    }
    const now = this.#now();
    return callerOfClaims(await this.#claims(token, now), now);
  }

  /** Resolves if tokens can be verified. @throws {OutageError} */
  ping(): Promise<void> {
    return this.#keys.ping();
  }

  async #claims(token: string, now: number): Promise<JWTPayload> {
    const options = {
      ...this.#expected,
      algorithms: [...this.#keys.algorithms],
      requiredClaims: ["exp"],
      clockTolerance: CLOCK_TOLERANCE_S,
      currentDate: new Date(now),
    };
    const find: JWTVerifyGetKey = (header, jws) => this.#keys.find(header, jws);
    try {
      return (await jwtVerify(token, find, options)).payload;
    } catch (error) {
      if (error instanceof errors.JWKSMultipleMatchingKeys) return await triedInTurn(token, error, options);
      throw faultOf(error);
    }
  }
}

/** A token that does not name its key may be signed with any that fits its algorithm. */
async function triedInTurn(
  token: string,
  keys: errors.JWKSMultipleMatchingKeys,
  options: JWTVerifyOptions,
): Promise<JWTPayload> {
  for await (const key of keys) {
    try {
      return (await jwtVerify(token, key, options)).payload;
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw faultOf(error);
    }
  }
  throw faultOf(new errors.JWSSignatureVerificationFailed());
}

function faultOf(error: unknown): Error {
  if (error instanceof OutageError) return error;
  if (!(error instanceof errors.JOSEError)) {
    // Nothing in a token leads here, but a key that cannot be used (an RSA key that is too short, say).
    return new OutageError("token issuer", "verify a token with its issuer's key", { cause: error });
  }
  const code = error instanceof errors.JWTExpired ? "token_expired" : "invalid_token";
  return new InvalidTokenError(reasonOf(error), { code, cause: error });
}

function reasonOf(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return "the token has expired";
  if (error instanceof errors.JWTClaimValidationFailed) return CLAIM_REASONS[error.claim] ?? WRONG_CLAIM;
  if (error instanceof errors.JOSEAlgNotAllowed) {
    return "the token is signed with an algorithm that is not accepted";
  }
  if (error instanceof errors.JWKSNoMatchingKey) {
    return "the token is signed with a key that its issuer does not name";
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return "the token's signature is not its issuer's";
  }
  return "the token is none that we can read";
}

const WRONG_CLAIM = "the token has a claim that is not what it must be";

const CLAIM_REASONS: Readonly<Record<string, string>> = {
  exp: 'the token has no time of expiry (claim "exp")',
  iss: 'the token is of another issuer (claim "iss")',
  aud: 'the token is for another audience (claim "aud")',
  nbf: 'the token is not valid yet (claim "nbf")',
};
