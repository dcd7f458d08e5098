/**
 * The keys that tokens are verified with.
 *
 * @module
 */
import {
  createRemoteJWKSet,
  type CryptoKey,
  customFetch,
  errors,
  type FlattenedJWSInput,
  type JWSHeaderParameters,
} from "jose";
import { OutageError } from "lib/run/outage_error.ts";

/** Finds the key for a token. The algorithms go with the kind of key, never with what the token says. */
export interface TokenKeys {
  readonly algorithms: readonly string[];
  /** @throws {OutageError} if keys cannot be had. */
  find(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey>;
  /** Resolves if keys can be had. @throws {OutageError} */
  ping(): Promise<void>;
}

/** A secret shared with the issuer. */
export async function secretKeys(secret: string): Promise<TokenKeys> {
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", new TextEncoder().encode(secret), hmac, false, ["verify"]);
  return { algorithms: ["HS256"], find: () => Promise.resolve(key), ping: () => Promise.resolve() };
}

/** Algorithms of public keys; those of shared secrets are not among them, or a public key would serve as one. */
const PUBLIC_KEY_ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];

/** How an issuer is asked for its keys. All in ms. */
export interface KeySetOptions {
  /** Longest wait for an answer. @default 3_000 */
  readonly timeoutMs?: number;
  /** How long keys are used without asking again. @default 600_000 */
  readonly maxAgeMs?: number;
  /** Shortest time from one answer to asking again for a key that was not in it. @default 30_000 */
  readonly cooldownMs?: number;
  /** Shortest time from a failure to asking again. @default 1_000 */
  readonly retryMs?: number;
}

/** Largest key set read (bytes). */
const MAX_KEY_SET_BYTES = 1_048_576;

/**
 * The issuer's public keys, fetched when first needed and kept for a while. A key that was rotated in is found by
 * asking again, at most once in `cooldownMs` however many tokens name keys that do not exist.
 */
export function publicKeys(
  url: string,
  { timeoutMs = 3_000, maxAgeMs = 600_000, cooldownMs = 30_000, retryMs = 1_000 }: KeySetOptions = {},
): TokenKeys {
  const keySet = createRemoteJWKSet(new URL(url), {
    timeoutDuration: timeoutMs,
    cacheMaxAge: maxAgeMs,
    cooldownDuration: cooldownMs,
    [customFetch]: sparingFetch(retryMs),
  });
  return {
    algorithms: PUBLIC_KEY_ALGORITHMS,
    async find(header, token) {
      try {
        return await keySet(header, token);
      } catch (cause) {
        if (isAboutToken(cause)) throw cause;
        throw new OutageError("token issuer", "fetch the keys of tokens", { cause });
      }
    },
    async ping() {
      if (keySet.fresh) return;
      await keySet.reload().catch((cause) => {
        throw new OutageError("token issuer", "fetch the keys of tokens", { cause });
      });
    },
  };
}

/** Whether the keys are there and the token asks for none of them. */
function isAboutToken(error: unknown): boolean {
  return error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported;
}

/** Fetches a key set; after a failure, says the same again for `retryMs` instead of asking. */
function sparingFetch(retryMs: number): typeof fetch {
  let failed: { readonly error: unknown; readonly until: number } | null = null;
  return async (url, init) => {
    if (failed && performance.now() < failed.until) throw failed.error;
    try {
      const keys = await fetchKeys(await fetch(url, init));
      failed = null;
      return Response.json(keys);
    } catch (error) {
      failed = { error, until: performance.now() + retryMs };
      throw error;
    }
  };
}

async function fetchKeys(response: Response): Promise<unknown> {
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`answer ${response.status} instead of the keys`);
  }
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MAX_KEY_SET_BYTES) throw new Error(`more than ${MAX_KEY_SET_BYTES} bytes of keys`);
  }
  const keySet: unknown = JSON.parse(text);
  const { keys } = (typeof keySet === "object" && keySet !== null ? keySet : {}) as { keys?: unknown };
  if (!Array.isArray(keys)) throw new Error('no list "keys" in the answer');
  return keySet;
}
