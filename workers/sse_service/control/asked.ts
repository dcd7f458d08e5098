import { storableText } from "lib/store/storable_text.ts";

/** Who asks for something, and when. */
export interface Asked {
  /** Who asks; null if nobody has to say who they are. */
  readonly by: string | null;
  /** In their words; null if they gave none. */
  readonly reason: string | null;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/**
 * What the workflow's history says of it: `cancelled by alice: wrong input`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { whyText } from "./asked.ts";
 * assertEquals(whyText("retried", { by: null, reason: null, now: 0 }), "retried");
 * ```
 */
export function whyText(what: "cancelled" | "retried", { by, reason }: Asked): string {
  return storableText(`${what}${by === null ? "" : ` by ${by}`}${reason === null ? "" : `: ${reason}`}`);
}
