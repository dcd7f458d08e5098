import { z } from "@zod/zod";

/** A token is renewed this long before its end, in milliseconds. */
const MARGIN_MS = 300_000;

const Claims = z.object({ exp: z.number() });

/**
 * When a token should be renewed, in milliseconds since 1970: some time before it expires. `Infinity` if its
 * end cannot be known (no JWT, no `exp`) or seems past already at `nowMs`, when it was given out: then the two
 * clocks differ, and only a refusal tells. Reads the claim, proves nothing.
 */
export function refreshAt(token: string, nowMs: number): number {
  const endMs = expiryMs(token);
  if (endMs === null || endMs <= nowMs) return Infinity;
  return endMs - Math.min(MARGIN_MS, (endMs - nowMs) / 10);
}

function expiryMs(token: string): number | null {
  try {
    const payload = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
    const claims = Claims.safeParse(JSON.parse(atob(payload)));
    return claims.success ? claims.data.exp * 1000 : null;
  } catch {
    return null;
  }
}
