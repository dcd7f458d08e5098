/** A request ends with this status and `{"message": …}`: one text, or one for each offending field. */
export class HttpError extends Error {
  override readonly name = "HttpError";

  constructor(readonly status: number, readonly detail: string | Record<string, string>) {
    super(typeof detail === "string" ? detail : JSON.stringify(detail));
  }
}
