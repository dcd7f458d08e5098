// @ts-check
/**
 * The query of an address.
 *
 * @module
 */

/**
 * @param {Record<string, string | number | null | undefined>} query
 * @returns {string} with its `?`, or empty; what is not given or empty is left out
 */
export function queryText(query) {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === null || value === "" ? [] : [[name, String(value)]]
  );
  return given.length === 0 ? "" : `?${new URLSearchParams(given)}`;
}
