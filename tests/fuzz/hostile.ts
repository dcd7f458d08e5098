/**
 * What attackers and broken programs send: texts and numbers that have hurt others.
 *
 * @module
 */
import fc from "fast-check";

const TEXTS = [
  "",
  " ",
  "\0",
  "a\0b",
  "../../etc/passwd",
  "..%2f..%2fetc%2fpasswd",
  "%",
  "%zz",
  "%00",
  "%c0%ae",
  "'; DROP TABLE job_workflow; --",
  "' OR '1'='1",
  "${jndi:ldap://127.0.0.1/a}",
  "{{7*7}}",
  "<script>alert(1)</script>",
  "\u001b[2J\u001b]0;x\u0007",
  "\u202eabc\u2066",
  "\ud800",
  "\ufeff",
  "日本語",
  "👩‍🔬",
  "a".repeat(5_000),
  "(a+)+$",
  "[",
  "(?<n>",
  "*:* AND NOT",
  "null",
  "undefined",
  "NaN",
  "true",
  "__proto__",
  "constructor",
  "9223372036854775808",
  "-1",
  "1e309",
  "0x10",
  "1.5",
  "00",
  "99999999999999-99999999999999999999",
  "18446744073709551616-0",
];

const NUMBERS = [0, -0, -1, 1, 2 ** 31, -(2 ** 31) - 1, 2 ** 53, 1e308, 1e21, 0.1, -0.5];

/** A text somebody should have checked. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...TEXTS) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 60 }) },
);

/** A number somebody should have checked. */
export const hostileNumber: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(...NUMBERS),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);

/** Anything that JSON can say. */
export const hostileJson: fc.Arbitrary<unknown> = fc.oneof(
  hostileText,
  hostileNumber,
  fc.jsonValue({ maxDepth: 3 }),
  fc.constant(JSON.parse('{"__proto__": {"admin": true}}')),
  fc.constant(nested(200)),
);

function nested(depth: number): unknown {
  let value: unknown = [];
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}
