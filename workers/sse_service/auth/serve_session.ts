import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { errorBody } from "../http/app_error.ts";
import type { AuthContext } from "./auth_context.ts";
import { InvalidTokenError } from "./invalid_token_error.ts";
import { bearerToken } from "./presented_token.ts";
import { closeSessionRoute, openSessionRoute } from "./routes.ts";
import { closeSession, type CookieSecurity, fitsCookie, openSession } from "./session_cookie.ts";

/** Adds the routes about sessions. Only the `Authorization` header signs in, which no foreign page can set. */
export function serveSession(
  app: OpenAPIHono,
  { verifier, cookieSecurity: security, now }: AuthContext,
): void {
  if (verifier === null) return;
  app.openapi(openSessionRoute, async (c) => {
    const token = bearerToken(c.req.header("authorization"));
    if (token === null) {
      throw new InvalidTokenError("a token is needed in the Authorization header", {
        code: "unauthenticated",
      });
    }
    const caller = await verifier.verify(token);
    const fault = cookieFault(c, token, security);
    if (fault) return c.json(fault, 400);
    const expiresAtMs = caller.expiresAtMs ?? now();
    openSession(c, token, { security, lifeMs: expiresAtMs - now() });
    c.header("Cache-Control", "no-store");
    return c.json({
      subject: caller.subject,
      scopes: [...caller.scopes],
      expires_at: new Date(expiresAtMs).toISOString(),
    }, 200);
  });
  app.openapi(closeSessionRoute, (c) => {
    closeSession(c);
    return c.body(null, 204);
  });
}

/** Why a browser would not keep the cookie: it does not say so itself. */
function cookieFault(c: Context, token: string, security: CookieSecurity) {
  if (!fitsCookie(token)) {
    return errorBody(
      "token_too_large",
      "this token is too long for a cookie: send it in the Authorization header",
    );
  }
  const origin = c.req.header("origin") ?? "";
  if (
    security === true && origin.startsWith("http://") && URL.canParse(origin) &&
    !isThisMachine(new URL(origin).hostname)
  ) {
    return errorBody(
      "insecure_session",
      "browsers do not keep a session over plain http: serve the page over https, or set AUTH_COOKIE_SECURE=false",
    );
  }
  return null;
}

function isThisMachine(hostname: string): boolean {
  return /^(?:localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}
