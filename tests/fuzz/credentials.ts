/**
 * Tokens that requests come with, and what each may open: so that an answer to somebody who should have none is seen.
 *
 * @module
 */
import { SignJWT } from "jose";
import { type Operation, pathOf } from "./document.ts";
import type { FuzzRequest } from "./requests.ts";

/** Whom the service under attack trusts: its settings. */
export const TRUST = {
  AUTH_MODE: "token",
  AUTH_JWT_SECRET: "known to the attacked service and to nobody else",
  AUTH_ISSUER: "https://issuer.example",
  AUTH_AUDIENCE: "chris",
};

/** A token, and whether an operation of a target is open to it. */
export interface Credential {
  readonly token: string;
  readonly opens: (request: Pick<FuzzRequest, "operation" | "target">) => boolean;
}

/** It is open to all, and looks at tokens itself: last, and in the header alone. */
const SIGN_IN = "/api/session";
const ALL_SCOPES = "jobs:read jobs:run jobs:admin";

/** A token for everything, one for `job` alone, and many that are wrong in one thing. */
export async function credentials(job: string): Promise<Credential[]> {
  const everything = await tokenOf({});
  const [head = "", claims = "", signature = ""] = everything.split(".");
  const nobody = [
    await tokenOf({}, { secret: "guessed by somebody who does not know the secret" }),
    await tokenOf({ exp: 1 }),
    await tokenOf({ exp: undefined }),
    await tokenOf({ iss: "https://other.example" }),
    await tokenOf({ aud: "other" }),
    await tokenOf({ nbf: 9_000_000_000 }),
    await tokenOf({ jobs: "*" }),
    `${btoa('{"alg":"none"}').replaceAll("=", "")}.${claims}.`,
    `${head}.${claims}.${signature.split("").reverse().join("")}`,
    `${head}.${claims}`,
  ].map((token): Credential => ({ token, opens: () => false }));
  return [
    { token: everything, opens: () => true },
    {
      token: await tokenOf({ jobs: [job, "\0*", "%*"] }),
      opens: ({ operation, target }) => isAbout(job, operation, target),
    },
    {
      token: await tokenOf({ scope: "jobs:read" }),
      opens: ({ operation: { method, path } }) =>
        path === SIGN_IN || (method === "GET" || method === "HEAD") && !/^\/(?:metrics|api\/dlq)/.test(path),
    },
    { token: await tokenOf({ scope: "" }), opens: ({ operation }) => operation.path === SIGN_IN },
    ...nobody,
  ];
}

/** What is wrong about who got this answer; null if nothing is. Whatever a route does not show, it may refuse. */
export function intrusion(
  request: FuzzRequest,
  status: number,
  credentials: readonly Credential[],
): string | null {
  const { authorization, cookie } = request.headers;
  const inHeader = credentials.find(({ token }) => authorization === `Bearer ${token}`);
  const inCookie = credentials.find(({ token }) => cookie === `chris_session=${token}`);
  // What the header says counts, also if it is nonsense.
  const isSignIn = request.operation.path === SIGN_IN;
  const credential = authorization === undefined && !isSignIn ? inCookie : inHeader;
  const isLetIn = isSignIn ? status < 300 : status !== 401 && status !== 403;
  if (!request.operation.asksForToken) return null;
  if (isLetIn && !credential?.opens(request)) return `status ${status} for somebody who may not ask for this`;
  const isRefused = status === 401 || status === 403;
  return isRefused && credential?.opens(request)
    ? `status ${status} for somebody who may ask for this`
    : null;
}

/** Whether a token for one job opens it: routes about this job, about the service, and lists, which leave out others. */
function isAbout(job: string, { path }: Operation, target: string): boolean {
  const at = path.split("/").indexOf("{job_id}");
  if (at < 0) return !path.startsWith("/api/dlq");
  const named = pathOf(target).split("/")[at] ?? "";
  try {
    return decodeURIComponent(named) === job;
  } catch {
    return false;
  }
}

function tokenOf(claims: Record<string, unknown>, { secret = TRUST.AUTH_JWT_SECRET } = {}): Promise<string> {
  const own = { iss: TRUST.AUTH_ISSUER, aud: TRUST.AUTH_AUDIENCE, sub: "ada", exp: 9_000_000_000 };
  return new SignJWT({ ...own, scope: ALL_SCOPES, ...claims }).setProtectedHeader({ alg: "HS256" })
    .sign(new TextEncoder().encode(secret));
}
