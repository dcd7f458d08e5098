/**
 * Texts that have broken databases, query languages, terminals and pages before. Used by tests only.
 *
 * @module
 */

/** Lines of containers that mean harm, or are merely odd. */
export const HOSTILE_LINES: readonly string[] = [
  "",
  " leading and trailing ",
  "\0",
  "before\0after\0",
  "\u2400 is what NUL is shown as, \0 is NUL",
  "progress 10%\rprogress 20%\r",
  "tab\tvertical\u000bfeed\u000cbell\u0007delete\u007f",
  "\u001b[2J\u001b]0;title\u0007\u001b[31mred",
  "\u202eright to left\u202c \u2066isolated\u2069 \u200bzero\u200dwidth\ufeff",
  "\u2028 line and paragraph separators \u2029 \u0085",
  "\ufffd was no UTF-8, \uffff is no character, 😀 𝕏 e\u0301 \u{10ffff}",
  "\u0000\u0001\u0002\u001f\u0080\u009f",
  "'; DROP TABLE job_logs; --",
  "$1 ${x} %s %n {} {a,b} NULL null \\N \\. \\\\ \\0 \\u0000",
  '"quoted" \\"escaped\\" {"json": [1, null]} "},{"',
  '") OR job_id:* AND (line:"',
  "<script>alert(1)</script><img src=x onerror=alert(1)> &amp; ]]>",
  `a long word ${"x".repeat(300_000)} and a long text ${"word ".repeat(60_000)}`,
];

/** Job ids that would be syntax if they were pasted into a query. */
export const HOSTILE_IDS: readonly string[] = [
  "a",
  'a" OR job_id:"b',
  "b",
  "*",
  "a*",
  'a"',
  "'",
  "a' OR '1'='1",
  "a\\",
  'a\\"',
  "\\",
  "a OR b",
  "[* TO *]",
  "job_id:a",
  "(a)",
  "a\0b",
  "a\u2400b",
  " a",
  "A",
  "ä😀\u202e",
  "%",
  "x".repeat(255),
];
