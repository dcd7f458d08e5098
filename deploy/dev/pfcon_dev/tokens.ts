/**
 * pfcon's login and its tokens.
 *
 * @module
 */
import { errors, jwtVerify, SignJWT } from "jose";
import { HttpError } from "./http_error.ts";

/** Lifetime of a token in seconds: two days. */
const LIFETIME_S = 172_800;

/** Gives out and checks tokens: JWTs signed with HS256. */
export class Tokens {
  readonly #key: Uint8Array;

  constructor(secretKey: string, readonly credentials: { readonly user: string; readonly password: string }) {
    this.#key = new TextEncoder().encode(secretKey);
  }

  /**
   * A token for the credentials in the request's JSON body or query.
   *
   * @throws {HttpError} 400 or 415.
   */
  async login(request: Request): Promise<string> {
    const type = request.headers.get("content-type") ?? "";
    if (!/^application\/(?:[\w.-]+\+)?json\b/i.test(type)) {
      throw new HttpError(415, "the credentials must come as JSON");
    }
    const body: unknown = await request.json().catch(() => null);
    if (typeof body !== "object" || body === null) throw new HttpError(400, "the body is no JSON object");
    const given: Record<string, unknown> = {
      ...Object.fromEntries(new URL(request.url).searchParams),
      ...body,
    };
    const missing = ["pfcon_user", "pfcon_password"].filter((field) => typeof given[field] !== "string");
    if (missing.length > 0) {
      throw new HttpError(400, Object.fromEntries(missing.map((field) => [field, "this text is required"])));
    }
    const { user, password } = this.credentials;
    if (given.pfcon_user !== user || given.pfcon_password !== password) {
      throw new HttpError(400, "wrong user or password");
    }
    const exp = Math.floor(Date.now() / 1000) + LIFETIME_S;
    return await new SignJWT({ pfcon_user: user, exp }).setProtectedHeader({ alg: "HS256", typ: "JWT" }).sign(
      this.#key,
    );
  }

  /**
   * Lets a request with a valid token pass: its signature and its end count, its claims do not.
   *
   * @throws {HttpError} 401.
   */
  async check(request: Request): Promise<void> {
    const header = request.headers.get("authorization");
    if (header === null) throw new HttpError(401, "an Authorization header is required");
    if (!header.startsWith("Bearer ")) {
      throw new HttpError(401, "the Authorization header must start with Bearer");
    }
    try {
      await jwtVerify(header.split(" ")[1] ?? "", this.#key, { algorithms: ["HS256"] });
    } catch (error) {
      throw new HttpError(
        401,
        error instanceof errors.JWTExpired ? "the token has expired" : "the token is invalid",
      );
    }
  }
}
