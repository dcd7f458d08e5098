import type { CookieSecurity } from "./session_cookie.ts";
import { type AuthSettings, listedOrigins } from "./settings.ts";
import { publicKeys, secretKeys } from "./token_keys.ts";
import { TokenVerifier } from "./token_verifier.ts";

/** Who is let in, and how. */
export interface AuthContext {
  /** Null: nobody is asked for a token. */
  readonly verifier: Pick<TokenVerifier, "verify" | "ping"> | null;
  /** Origins whose pages may use the service. */
  readonly origins: ReadonlySet<string>;
  readonly cookieSecurity: CookieSecurity;
  /** ms since 1970. */
  readonly now: () => number;
}

/** What the settings say; they must be without {@link authFaults}. */
export async function authContextOf(settings: AuthSettings, now: () => number): Promise<AuthContext> {
  return {
    verifier: await verifierOf(settings, now),
    origins: new Set(listedOrigins(settings.CORS_ORIGINS)),
    cookieSecurity: settings.AUTH_COOKIE_SECURE ?? null,
    now,
  };
}

async function verifierOf(settings: AuthSettings, now: () => number): Promise<TokenVerifier | null> {
  const { AUTH_MODE, AUTH_JWKS_URL, AUTH_JWT_SECRET = "", AUTH_ISSUER = "", AUTH_AUDIENCE = "" } = settings;
  if (AUTH_MODE !== "token") return null;
  const keys = AUTH_JWKS_URL ? publicKeys(AUTH_JWKS_URL) : await secretKeys(AUTH_JWT_SECRET);
  return new TokenVerifier(keys, { issuer: AUTH_ISSUER, audience: AUTH_AUDIENCE }, now);
}
