/**
 * Settings of who gets in.
 *
 * @module
 */
import { z } from "@zod/zod";
import { address, bool } from "lib/run/config.ts";

/** Spread into the service's `Config`. */
export const authSettings = {
  AUTH_MODE: z.enum(["none", "token"]).optional().describe(
    "`token`: requests need a JWT. `none`: everybody who reaches the service may use it. " +
      "Not set: only this machine reaches it.",
  ),
  AUTH_JWT_SECRET: z.string().optional().describe(
    "Secret that tokens are signed with (HS256), at least 32 bytes; with `AUTH_MODE=token` this or `AUTH_JWKS_URL`.",
  ),
  AUTH_JWKS_URL: address("https", "http").optional().describe(
    "Where the token issuer names its public keys (RSA, elliptic curves, Ed25519); plain `http` only where " +
      "nobody can get between.",
  ),
  AUTH_ISSUER: z.string().optional().describe("The `iss` that tokens must have."),
  AUTH_AUDIENCE: z.string().optional().describe("The `aud` that tokens must have, perhaps among others."),
  AUTH_COOKIE_SECURE: bool().optional().describe(
    "Whether the session cookie is for https only. Not set: if the browser or the proxy says that it comes by https.",
  ),
  CORS_ORIGINS: z.string().default("").describe(
    "Origins whose pages may call the service and read its answers, `https://host:port`, divided by commas.",
  ),
};

/** The settings above, read. */
export type AuthSettings = z.infer<z.ZodObject<typeof authSettings>>;

/** Shortest secret that an attacker with a token cannot guess (bytes): as long as HS256's hash, RFC 7518 §3.2. */
const MIN_SECRET_BYTES = 32;

/** What is wrong with the settings as a whole, a sentence each. */
export function authFaults(settings: AuthSettings): string[] {
  const faults = settings.AUTH_MODE === "token" ? tokenFaults(settings) : idleFaults(settings);
  return [...faults, ...originFaults(settings.CORS_ORIGINS)];
}

/** The origins of `CORS_ORIGINS`. */
export function listedOrigins(origins: string): string[] {
  return origins.split(",").map((origin) => origin.trim()).filter(Boolean);
}

function tokenFaults({ AUTH_JWT_SECRET, AUTH_JWKS_URL, AUTH_ISSUER, AUTH_AUDIENCE }: AuthSettings): string[] {
  const faults: string[] = [];
  if (!AUTH_JWT_SECRET === !AUTH_JWKS_URL) {
    const state = AUTH_JWT_SECRET ? "both set" : "not set";
    faults.push(`AUTH_JWT_SECRET and AUTH_JWKS_URL are ${state}: AUTH_MODE=token needs one of them`);
  }
  const bytes = new TextEncoder().encode(AUTH_JWT_SECRET ?? "").length;
  if (AUTH_JWT_SECRET && bytes < MIN_SECRET_BYTES) {
    faults.push(`AUTH_JWT_SECRET has ${bytes} bytes: expected at least ${MIN_SECRET_BYTES}`);
  }
  for (const [name, value] of Object.entries({ AUTH_ISSUER, AUTH_AUDIENCE })) {
    if (!value) faults.push(`${name} is not set: AUTH_MODE=token needs it`);
  }
  return faults;
}

/** Somebody who sets these believes that tokens are asked for. */
function idleFaults(settings: AuthSettings): string[] {
  const names = ["AUTH_JWT_SECRET", "AUTH_JWKS_URL", "AUTH_ISSUER", "AUTH_AUDIENCE"] as const;
  const set = names.filter((name) => settings[name]);
  if (set.length === 0) return [];
  const mode = settings.AUTH_MODE ?? "not set";
  return [`AUTH_MODE is ${mode}, so no token is asked for: set AUTH_MODE=token or unset ${set.join(", ")}`];
}

function originFaults(origins: string): string[] {
  return listedOrigins(origins).filter((origin) => !isOrigin(origin)).map((origin) =>
    `CORS_ORIGINS names ${
      JSON.stringify(origin)
    }: expected scheme://host or scheme://host:port as browsers ` +
    'write it, without "*", path or final slash'
  );
}

/** As browsers write it: `https://a:443/` would never be met. */
function isOrigin(text: string): boolean {
  return /^https?:\/\/[^*]+$/.test(text) && URL.canParse(text) && new URL(text).origin === text;
}
