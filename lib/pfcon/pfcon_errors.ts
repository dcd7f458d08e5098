/**
 * What pfcon can answer that is neither success nor an outage: one class for each thing a caller does
 * differently. `detail` is pfcon's own text, for people and for {@linkcode startFailureReason}.
 *
 * @module
 */

/** The step cannot be started yet (409): what it builds on has not finished. The same call may succeed later. */
export class PfconConflictError extends Error {
  override readonly name = "PfconConflictError";

  constructor(attempt: string, readonly detail: string) {
    super(`Cannot ${attempt}: not possible yet (${detail})`);
  }
}

/** The request can never succeed as it is (a 4xx other than 401, 408, 409 and 429). */
export class PfconRejectedError extends Error {
  override readonly name = "PfconRejectedError";

  /** `detail` names every offending field when pfcon does. */
  constructor(attempt: string, readonly status: number, readonly detail: string) {
    super(`Cannot ${attempt}: pfcon refused it with ${status} (${detail})`);
  }
}

/**
 * pfcon tells of a fault behind it. On Docker this is a failed image pull, an entrypoint that does not exist,
 * a lost race for the container's name or a dead engine alike: the caller decides. A container may be left in
 * `created` and block its name until it is removed.
 */
export class PfconFaultError extends Error {
  override readonly name = "PfconFaultError";

  constructor(attempt: string, readonly status: number, readonly detail: string) {
    super(`Cannot ${attempt}: pfcon failed with ${status} (${detail})`);
  }
}
