/**
 * What a call of the service may fail with.
 *
 * @module
 */

/** What was wrong with one field of a request. */
export interface FieldFault {
  readonly field: string;
  readonly message: string;
}

/** The service understood and said no: asking the same again gives the same answer. */
export class ChrisError extends Error {
  override readonly name = "ChrisError";
  /** HTTP status: 401, 403, 404, 409, 422 … */
  readonly status: number;
  /** The service's word for it, such as `not_found` or `invalid_request`. */
  readonly code: string;
  /** Field by field, where the request was not valid. */
  readonly details: readonly FieldFault[];

  constructor(
    message: string,
    { status, code, details = [] }: { status: number; code: string; details?: readonly FieldFault[] },
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

/** The service could not be reached, or could not answer just now: the same request may succeed later. */
export class ChrisOutageError extends Error {
  override readonly name = "ChrisOutageError";
  /** HTTP status of the answer (5xx, 408, 425, 429); null if there was none. */
  readonly status: number | null;
  /** How long the service asks to be left alone (ms); null if it did not say. */
  readonly retryAfterMs: number | null;

  constructor(
    message: string,
    options: { status?: number; retryAfterMs?: number | null; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.status = options.status ?? null;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}
