// @ts-check
/// <reference no-default-lib="true" />
/// <reference lib="esnext" />
/// <reference lib="dom" />
/**
 * Why a call of the service came to nothing.
 *
 * @module
 */

/** The service said no: with its code, its sentence, and the fields it names. */
export class ApiError extends Error {
  /** @override */
  name = "ApiError";

  /**
   * @param {number} status
   * @param {{ code?: string, message?: string, details?: { field: string, message: string }[] }} error
   */
  constructor(status, { code = "", message = "", details = [] }) {
    super(message || `The service answered with status ${status}.`);
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

/** The service could not be reached. */
export class UnreachableError extends Error {
  /** @override */
  name = "UnreachableError";
}

/**
 * What a refusal says.
 *
 * @param {Response} response
 * @returns {Promise<{ code?: string, message?: string, details?: { field: string, message: string }[] }>}
 */
export async function errorOf(response) {
  const answer = await response.json().catch(() => null);
  const error = answer?.error;
  if (error === null || typeof error !== "object") return {};
  return { ...error, details: Array.isArray(error.details) ? error.details : [] };
}
