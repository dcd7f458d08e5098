import fc from "fast-check";

/** Regular expressions of all that patterns can be made of, in the syntax that JavaScript's `u` flag takes too. */
export const ANY_PATTERN: fc.Arbitrary<string> = fc.letrec<{ choice: string; atom: string }>((tie) => ({
  choice: fc.array(
    fc.array(
      fc.tuple(tie("atom"), fc.constantFrom("", "", "", "*", "+", "?", "{2}", "{0,2}", "{1,}?")).map((
        [atom, times],
      ) => /^(\^|\$|\\[bB])$/.test(atom) ? atom : atom + times),
      { maxLength: 4 },
    ).map((parts) => parts.join("")),
    { minLength: 1, maxLength: 3 },
  ).map((parts) => parts.join("|")),
  atom: fc.oneof(
    { maxDepth: 2, depthSize: "xsmall", withCrossShrink: true },
    fc.constantFrom(
      "a",
      "b",
      "A",
      "\u00e4",
      "\u{1f600}",
      ".",
      "^",
      "$",
      "\\b",
      "\\B",
      "\\d",
      "\\W",
      "\\s",
      "[ab]",
      "[^a-b\\s]",
      "\\u0061",
    ),
    tie("choice").map((inner) => `(${inner})`),
    tie("choice").map((inner) => `(?:${inner})`),
  ),
})).choice;
