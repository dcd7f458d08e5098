/**
 * Stand-in for the JSR package `@zod/zod`, for machines that cannot reach JSR: zod as npm publishes it.
 * Deleting this folder's entry under `links` in `deno.json` uses JSR itself.
 *
 * @module
 */
export * from "zod";
