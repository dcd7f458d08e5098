import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { LineMatcher } from "./line_matcher.ts";
import { parsePattern, textPattern } from "./parse_pattern.ts";
import { PatternError, requiredText } from "./pattern.ts";
import { ANY_PATTERN } from "../suite/any_pattern.ts";

/** Whether a regular expression finds something in a line. */
const finds = (text: string, line: string, ignoreCase = false) =>
  new LineMatcher(parsePattern(text, { ignoreCase })).test(line);

Deno.test("parsePattern() reads what every flavour of regular expressions has in common", () => {
  const expected: [pattern: string, found: string[], not: string[]][] = [
    ["a.c", ["xabcx", "a\u{1f600}c"], ["ac", "a\u{1f600}\u{1f600}c"]],
    ["^slice \\d+/\\d{2,3}$", ["slice 7/12", "slice 12/345"], ["slice 7/1", " slice 7/12", "slice 7/1234"]],
    ["(warn|err(or)?)s?:", ["warns: x", "error:", "err:"], ["warn", "erro:"]],
    ["[^a-c\\]]x", ["dx", "-x"], ["ax", "]x", "x"]],
    ["\\berror\\b", ["an error", "error", "(error)"], ["terror", "errors"]],
    ["\\Bror\\b", ["error"], ["ror"]],
    ["a{", ["a{"], ["a"]],
    ["a{2}b{0,1}c{1,}", ["aac", "aabccc"], ["ac", "aabb"]],
    ["\\x41\\u00e4\\u{1f600}\\.", ["A\u00e4\u{1f600}."], ["A\u00e4\u{1f600}x"]],
    ["[\\x00-\\x08]", ["\u2400", "\u0001"], ["\t", "a"]],
    ["a*?(?:b|)(?<name>c)", ["c", "aabc"], ["ab"]],
    ["\\$\\{.*\\}", ["${x}"], ["{x}"]],
    ["", ["", "x"], []],
    ["[^\\s\\S]", [], ["", "x"]],
  ];
  for (const [pattern, found, not] of expected) {
    for (const line of found) assert(finds(pattern, line), `${pattern} in ${line}`);
    for (const line of not) assert(!finds(pattern, line), `${pattern} not in ${line}`);
  }
});

Deno.test("parsePattern() with ignoreCase takes letters of any script in both cases", () => {
  assert(finds("fehler \u00e4[x-z]\\x41", "FEHLER \u00c4Ya", true));
  assert(!finds("[^a]", "A", true));
  assert(!finds("a", "A"));
  assert(new LineMatcher(textPattern("\u0436.\u00c4", { ignoreCase: true })).test("\u0416.\u00e4"));
});

Deno.test("parsePattern() says what is wrong and where", () => {
  const faults: Record<string, string> = {
    "(a": "expected ) (at character 3)",
    "a)": "there is no ( for this ) (at character 2)",
    "*a": "there is nothing to repeat (at character 1)",
    "a**": "this repeats a repeat",
    "[a": "expected ]",
    "[]": "expected something in [ ]",
    "[z-a]": "expected the smaller character first",
    "a{3,2}": "expected the smaller number first",
    "a{256}": "expected at most 255 times",
    "(a)\\1": "back-references are not supported",
    "(?=a)": "look-around and flags are not supported",
    "(?i)a": "ignore_case",
    "\\q": "\\q has no meaning here",
    "\\": "expected a character after \\",
    "\\ud800": "there is no character d800",
    "[[:alpha:]]": "classes like [:alpha:] are not supported",
    "^*": "a place cannot be repeated",
    [`${"(".repeat(51)}a${")".repeat(51)}`]: "at most 50 ( in each other",
    "((a{50}){50}){50}": "too complex",
  };
  for (const [text, what] of Object.entries(faults)) {
    assertThrows(() => parsePattern(text), PatternError, what);
  }
});

Deno.test("parsePattern() gives a pattern or a PatternError for any text", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(..."ab\\({[*+?|)^$.-]},0199dwx:<>=!P") }), (text) => {
      try {
        new LineMatcher(parsePattern(text)).test("aab\\9");
      } catch (error) {
        assert(error instanceof PatternError, String(error));
      }
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("LineMatcher finds exactly what JavaScript's regular expressions find", () => {
  fc.assert(
    fc.property(
      ANY_PATTERN,
      fc.array(fc.string({ unit: fc.constantFrom(..."aAb- \u00e4\u{1f600}_1"), maxLength: 6 })),
      fc.boolean(),
      (text, lines, ignoreCase) => {
        const matcher = new LineMatcher(parsePattern(text, { ignoreCase }));
        // V8 also sees \B in the middle of a character of two code units, where there is no place.
        const javascript = new RegExp(text, ignoreCase ? "sui" : "su");
        for (const line of lines.filter((line) => !/\\B/.test(text) || !line.includes("\u{1f600}"))) {
          assertEquals(matcher.test(line), javascript.test(line), `${text} in ${line}`);
        }
      },
    ),
    { numRuns: 300, seed: 4 },
  );
});

Deno.test("G13 no pattern makes a line of a mebibyte take more than moments", () => {
  const line = `${"a".repeat(1024 * 1024)}!`;
  for (const pattern of ["(a+)+$", "(a|aa)+$", "(a*)*b", "(.*a){20}$", "(a?){255}b"]) {
    const began = performance.now();
    try {
      new LineMatcher(parsePattern(pattern)).test(line);
    } catch (error) {
      assertEquals((error as Error).name, "MatchEffortError");
    }
    assert(performance.now() - began < 30_000, `${pattern} took ${performance.now() - began} ms`);
  }
});

Deno.test("G13 a pattern whose states never repeat is given up, not followed", () => {
  let state = 1;
  const random = Array.from({ length: 200_000 }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return state & 256 ? "a" : "b";
  }).join("");
  assertThrows(() => new LineMatcher(parsePattern("(a|b)*a(a|b){200}c")).test(random), Error, "too costly");
});

Deno.test("textPattern() gives no character a meaning", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (text, line) => {
    assertEquals(new LineMatcher(textPattern(text)).test(line), line.includes(text));
    assert(new LineMatcher(textPattern(text)).test(`${line}${text}`));
  }));
});

Deno.test("requiredText() is in every line that matches, and is all of a text", () => {
  assertEquals(requiredText(textPattern("a.b")), { text: "a.b", isAll: true });
  assertEquals(requiredText(parsePattern("ab|cd")), { text: "", isAll: false });
  assertEquals(requiredText(parsePattern("^in \\d+ ms, ?(x|y)")), { text: " ms,", isAll: false });
  assertEquals(requiredText(textPattern("a1", { ignoreCase: true })), { text: "1", isAll: false });
  fc.assert(fc.property(ANY_PATTERN, fc.string({ unit: fc.constantFrom(..."aAb- ") }), (text, line) => {
    const pattern = parsePattern(text);
    const required = requiredText(pattern);
    const matches = new LineMatcher(pattern).test(line);
    assert(
      required.isAll ? matches === line.includes(required.text) : !matches || line.includes(required.text),
    );
  }));
});
