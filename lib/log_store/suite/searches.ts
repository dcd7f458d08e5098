/**
 * What a search finds, where, and how much of it.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { LogStore, MatchMark, SearchRequest } from "../log_store.ts";
import { LineMatcher } from "../pattern/line_matcher.ts";
import { parsePattern, textPattern } from "../pattern/parse_pattern.ts";
import { plainEvent } from "../plain_event.ts";
import { ANY_PATTERN } from "./any_pattern.ts";
import { type Sentences, storedLog } from "./entries.ts";
import { HOSTILE_LINES } from "./hostile_texts.ts";

/** The numbers of all matches, page by page; every page must tell the same exact total. */
async function numbersOf(
  store: LogStore,
  request: Omit<SearchRequest, "limit">,
  limit = 100,
): Promise<number[]> {
  const numbers: number[] = [];
  let after: MatchMark | null = null;
  let total: number | null = null;
  do {
    const page = await store.search("job", { ...request, limit, ...(after ? { after } : {}) });
    assert(page.matches.length <= limit && page.totalIsExact);
    assertEquals(page.total, total ?? page.total);
    total = page.total;
    numbers.push(...page.matches.map(({ number }) => number));
    after = page.next;
  } while (after);
  assertEquals(numbers.length, total);
  return numbers;
}

/** Searches. */
export const SEARCHES: Sentences = {
  "search() numbers matches by their place in the whole log, whatever is filtered": async (store) => {
    const entries = Array.from({ length: 60 }, (_, n) =>
      storedLog(`${Math.floor(n / 2) + 1}-0`, {
        line: n % 7 === 0 ? `Error ${n}` : `fine ${n}`,
        job_type: n % 2 === 0 ? "copy" : "plugin",
        stream: n < 30 ? "stdout" : "stderr",
      }));
    await store.write([
      ...entries,
      storedLog("7-1", { eos: true, line: "Error of no line" }),
      storedLog("1-0", { job_id: "other", line: "Error" }),
    ]);
    const { lines } = await store.page("job", { limit: 100, from: { offset: 0 } });
    const expected = (isIn: (index: number) => boolean) =>
      lines.flatMap(({ event }, index) => event.line.startsWith("Error") && isIn(index) ? [index + 1] : []);
    const pattern = textPattern("Error");
    for (const limit of [1, 2, 100]) {
      assertEquals(
        await numbersOf(store, { pattern }, limit),
        expected(() => true),
      );
    }
    const copies = { pattern, jobType: "copy" };
    assertEquals(await numbersOf(store, copies, 2), expected((n) => lines[n]?.event.job_type === "copy"));
    const late = { pattern, stream: "stderr" };
    assertEquals(await numbersOf(store, late, 2), expected((n) => lines[n]?.event.stream === "stderr"));
    assertEquals(await numbersOf(store, { pattern: textPattern("error") }), []);
    assertEquals(
      await numbersOf(store, { pattern: textPattern("ERROR", { ignoreCase: true }) }, 5),
      expected(() => true),
    );
    const [match] = (await store.search("job", { pattern, limit: 1 })).matches;
    assertEquals(match?.stored, lines[(match?.number ?? 0) - 1]);
  },
  "G13 search() takes the text that is looked for as text": async (store) => {
    await store.write(HOSTILE_LINES.map((line, n) => storedLog(`${n + 1}-0`, { line })));
    const plain = HOSTILE_LINES.map((line) => plainEvent(storedLog("1-0", { line }).event).event.line);
    const texts = [
      "%",
      "_",
      "\\",
      "'",
      '"',
      "\0",
      "\u2400",
      "*",
      "line:",
      "$1",
      "\u{1f600}",
      "\u202e",
      ".",
      "a_b",
      `") OR job_id:*`,
    ];
    for (const text of [...texts, ...HOSTILE_LINES.filter((line) => line !== "" && line.length < 200)]) {
      const wanted = text.replaceAll("\0", "\u2400");
      const expected = plain.flatMap((line, n) => line.includes(wanted) ? [n + 1] : []);
      assertEquals(await numbersOf(store, { pattern: textPattern(text) }), expected, JSON.stringify(text));
    }
  },
  "search() understands regular expressions as they are defined": async (store) => {
    const lines = [
      "",
      "a",
      "ab",
      "aab b",
      "AB",
      "\u00e4",
      "b\u{1f600}a",
      "a-b",
      "1 a",
      "\u00c4b",
      "a\tb",
      " ",
    ];
    await store.write(lines.map((line, n) => storedLog(`${n + 1}-0`, { line })));
    await fc.assert(
      fc.asyncProperty(ANY_PATTERN, fc.boolean(), async (text, ignoreCase) => {
        const pattern = parsePattern(text, { ignoreCase });
        const matcher = new LineMatcher(pattern);
        const expected = lines.flatMap((line, n) => matcher.test(line) ? [n + 1] : []);
        assertEquals(await numbersOf(store, { pattern }), expected, text);
      }),
      { numRuns: 60 },
    );
  },
  "G13 search() ends in time, whatever the pattern and the line": async (store) => {
    await store.write([
      storedLog("1-0", { line: `${"a".repeat(1024 * 1024)}!` }),
      storedLog("2-0", { line: "b" }),
    ]);
    for (const text of ["(a+)+$", "(a|aa)+$", "(.*a){20}$", "(a?){255}b$", "(a|b)*a(a|b){200}c"]) {
      const began = performance.now();
      const answer = await store.search("job", { pattern: parsePattern(text), limit: 1 }).catch((error) =>
        error.name
      );
      assert(
        typeof answer === "string" ? answer === "SearchLimitError" : answer.totalIsExact,
        String(answer),
      );
      assert(performance.now() - began < 30_000, text);
    }
  },
};
