/**
 * A text that Postgres can hold: NUL becomes ␀, half of a character U+FFFD. For texts to be read by people, such
 * as errors of other programs; what must stay as it is has to be refused instead.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { storableText } from "lib/store/storable_text.ts";
 * assertEquals(storableText("cut \ud83d here\0"), "cut \ufffd here\u2400");
 * ```
 */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\u2400");
}
