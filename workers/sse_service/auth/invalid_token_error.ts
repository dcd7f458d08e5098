/** What a program tells the cases apart by: no token, a bad one, and one that is worth renewing. */
export type TokenFault = "unauthenticated" | "invalid_token" | "token_expired";

/** A token does not let its bearer in, or there is none; `reason` does not repeat what is in the token. */
export class InvalidTokenError extends Error {
  override readonly name = "InvalidTokenError";
  readonly code: TokenFault;

  constructor(readonly reason: string, options: { code?: TokenFault; cause?: unknown } = {}) {
    super(`Cannot tell who asks: ${reason}`, { cause: options.cause });
    this.code = options.code ?? "invalid_token";
  }

  /** Value of the header `WWW-Authenticate`. Without a token it names no fault (RFC 6750 §3.1). */
  get challenge(): string {
    if (this.code === "unauthenticated") return 'Bearer realm="chris"';
    const description = this.reason.replaceAll('"', "'");
    return `Bearer realm="chris", error="invalid_token", error_description="${description}"`;
  }
}
