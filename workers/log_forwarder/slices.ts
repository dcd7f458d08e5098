import type { Fragment } from "lib/runtime/runtime.ts";

/** Most fragments in one slice: about as many lines are published at once. */
const MAX_FRAGMENTS = 1_000;
/** A slice ends with the fragment that reaches this size. */
const MAX_BYTES = 512 * 1024;

/** The same fragments in pieces small enough to be published at once. Pure. */
export function* slices(
  fragments: readonly Fragment[],
  { maxFragments = MAX_FRAGMENTS, maxBytes = MAX_BYTES } = {},
): Generator<readonly Fragment[]> {
  let begin = 0;
  let bytes = 0;
  for (const [index, fragment] of fragments.entries()) {
    bytes += fragment.bytes.byteLength;
    if (index + 1 - begin < maxFragments && bytes < maxBytes) continue;
    yield fragments.slice(begin, index + 1);
    begin = index + 1;
    bytes = 0;
  }
  if (begin < fragments.length) yield fragments.slice(begin);
}
