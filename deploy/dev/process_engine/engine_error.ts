/** An answer other than success: what the client gets as `{"message": …}`, with this status. */
export class EngineError extends Error {
  override readonly name = "EngineError";

  constructor(readonly status: 400 | 404 | 409 | 500 | 501, message: string, options?: { cause: unknown }) {
    super(message, options);
  }
}
