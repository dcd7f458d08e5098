/**
 * The cookie that holds a token for EventSource, which cannot set headers. Scripts cannot read it, other sites'
 * requests do not carry it, and it ends with the token.
 *
 * @module
 */
import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { isOfOwnPage, provenanceOf } from "./foreign_page.ts";

/** Whether the cookie is for https only; null: if the browser reaches the service over https. */
export type CookieSecurity = boolean | null;

/** Browsers store a cookie with this name only if nobody but this host over https can have set it. */
const SECURE_NAME = "__Host-chris_session";
const PLAIN_NAME = "chris_session";

/** Longest cookie that browsers must keep is 4,096 bytes with its name and attributes (RFC 6265 §6.1). */
const MAX_TOKEN = 3_800;
/** Longest life browsers grant a cookie (s): 400 days. */
const MAX_AGE_S = 34_560_000;

/** The token of the session cookie; null if there is none. */
export function sessionToken(c: Context, security: CookieSecurity): string | null {
  const secure = getCookie(c, SECURE_NAME) ?? null;
  if (security === true) return secure;
  const plain = getCookie(c, PLAIN_NAME) ?? null;
  if (security === false) return plain;
  // Over https, a neighbour in the domain can have planted a cookie of the plain name.
  return secure ?? (isOverHttps(c) ? null : plain);
}

/** The name of the cookie given out. */
export function cookieName(secure: boolean): string {
  return secure ? SECURE_NAME : PLAIN_NAME;
}

/** Whether a cookie can hold the token. */
export function fitsCookie(token: string): boolean {
  return token.length <= MAX_TOKEN;
}

/** Gives the browser the token until it expires. `lifeMs` is what is left of its life. */
export function openSession(
  c: Context,
  token: string,
  { security, lifeMs }: { security: CookieSecurity; lifeMs: number },
): void {
  const secure = security ?? isOverHttps(c);
  const maxAge = Math.min(MAX_AGE_S, Math.max(1, Math.floor(lifeMs / 1_000)));
  setCookie(c, cookieName(secure), token, { ...attributes(secure), maxAge });
}

/** Takes the token away again. */
export function closeSession(c: Context): void {
  for (const secure of [true, false]) deleteCookie(c, cookieName(secure), attributes(secure));
}

function attributes(secure: boolean) {
  return { path: "/", httpOnly: true, sameSite: "Strict", secure } as const;
}

/** As the browser or the proxy in front says; the last leg to the service is always plain. */
function isOverHttps(c: Context): boolean {
  const scheme = c.req.header("x-forwarded-proto")?.split(",", 1)[0]?.trim().toLowerCase();
  const provenance = provenanceOf(c.req.raw);
  return scheme === "https" || isOfOwnPage(provenance) && provenance.origin?.startsWith("https://") === true;
}
