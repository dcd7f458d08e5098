/**
 * Asks the worker in this container whether it is ready, for the image's `HEALTHCHECK`. Ends with code 0 if it
 * is; else with code 1 and what the worker said, which `docker inspect` shows.
 *
 * @module
 */

/** Longer than the worker gives each of its dependencies to answer (ms). */
const PATIENCE_MS = 4_000;

const url = `http://127.0.0.1:${Deno.env.get("HEALTH_PORT")}/ready`;
const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
console.log(await response.text());
if (!response.ok) Deno.exit(1);
