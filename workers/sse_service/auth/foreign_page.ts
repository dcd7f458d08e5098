/**
 * Requests that a page of another origin made a browser send. The browser attaches cookies, and reaches hosts that
 * the page's author cannot, so what it did not ask its user for must not count as the user's wish.
 *
 * @module
 */

/** What browsers say about where a request comes from; undefined where they say nothing. */
export interface Provenance {
  readonly method: string;
  /** `Sec-Fetch-Site`: sent to https and to this machine only. */
  readonly site: string | undefined;
  readonly origin: string | undefined;
  /** Names that the service was called by. */
  readonly hosts: readonly string[];
}

/** Reads it off a request. No page can set these headers unless a preflight allowed it. */
export function provenanceOf({ method, headers }: Request): Provenance {
  const hosts = [headers.get("host"), headers.get("x-forwarded-host")];
  return {
    method,
    site: headers.get("sec-fetch-site") ?? undefined,
    origin: headers.get("origin") ?? undefined,
    hosts: hosts.filter((host) => host !== null),
  };
}

/** Whether a page that is neither ours nor of the `listed` origins sent a request. Programs send none of these headers. */
export function isOfForeignPage(provenance: Provenance, listed: ReadonlySet<string>): boolean {
  const { method, site, origin } = provenance;
  if (origin !== undefined) return !listed.has(origin) && !isOfOwnPage(provenance);
  // Links to the service are followed from anywhere, which changes nothing; other methods come with an origin.
  if (method === "GET" || method === "HEAD") return false;
  return site !== undefined && site !== "same-origin";
}

/** Whether our own page sent a request, as far as it carries an origin. */
export function isOfOwnPage({ site, origin, hosts }: Provenance): boolean {
  if (origin === undefined || !URL.canParse(origin)) return false;
  // A proxy may have changed the host, so the browser's own word counts before a comparison.
  return site === "same-origin" || hosts.includes(new URL(origin).host);
}
