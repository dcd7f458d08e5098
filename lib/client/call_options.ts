/** What every call may be given. */
export interface CallOptions {
  /** Calls it off: the call rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}
