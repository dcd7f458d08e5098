/**
 * Where a request carries its token (http.md, Auth). Never in its URL: those end up in logs and histories.
 *
 * @module
 */
import type { Context } from "hono";
import { type CookieSecurity, sessionToken } from "./session_cookie.ts";

/** A token, not yet verified, and whether somebody attached it knowingly or the browser did by itself. */
export interface PresentedToken {
  readonly token: string;
  readonly by: "header" | "cookie";
}

/** The token that a request carries, the header's before the cookie's; null if there is none. */
export function presentedToken(c: Context, security: CookieSecurity): PresentedToken | null {
  const inHeader = bearerToken(c.req.header("authorization"));
  if (inHeader !== null) return { token: inHeader, by: "header" };
  const inCookie = sessionToken(c, security);
  return inCookie === null ? null : { token: inCookie, by: "cookie" };
}

/** What follows `Bearer` in a header; null if it speaks of something else. */
export function bearerToken(authorization: string | undefined): string | null {
  const match = /^Bearer(?: +(.*))?$/is.exec(authorization ?? "");
  return match ? (match[1] ?? "").trim() : null;
}
