/**
 * Dead letters as text, for people and for programs. Whatever is in them, the text does nothing to a terminal.
 *
 * @module
 */
import type { Discarded } from "lib/stream/dead_letters/discard.ts";
import type { FoundLetter } from "lib/stream/dead_letters/found_letter.ts";
import { letterHeadJson, letterJson } from "lib/stream/dead_letters/letter_json.ts";
import type { LetterKind } from "lib/stream/dead_letters/letter_sources.ts";
import type { Requeued } from "lib/stream/dead_letters/requeue.ts";
import type { Paint } from "../command/paint.ts";
import { visibleBytes, visibleText } from "../command/visible_bytes.ts";

/** Longest reason with error in a list (characters). */
const MAX_WHY = 120;

/** One line for a list. */
export function letterLine(kind: LetterKind, letter: FoundLetter, paint: Paint): string {
  const why = visibleText(letter.error ? `${letter.reason}: ${letter.error}` : letter.reason);
  return [
    `${kind.padEnd(6)} ${letter.id.padEnd(17)} ${paint("dim", timeText(letter.at))}`,
    visibleText(letter.jobId ?? "-"),
    visibleText(`${letter.originStream} ${letter.originId}`),
    paint("red", why.length > MAX_WHY ? `${why.slice(0, MAX_WHY)}…` : why),
  ].join("  ");
}

/** Everything about a letter, on several lines. */
export function letterDetails(kind: LetterKind, letter: FoundLetter, paint: Paint): string {
  const rows: [string, string][] = [
    ["letter", `${letter.id} (${kind})`],
    ["dead-lettered", timeText(letter.at)],
    ["first seen", letter.firstSeen === null ? "not told" : timeText(letter.firstSeen)],
    ["tries", letter.deliveries === null ? "not told" : String(letter.deliveries)],
    ["reason", visibleText(letter.reason)],
    ["error", letter.error === null ? "not told" : visibleText(letter.error)],
    ["came from", visibleText(`${letter.originStream} ${letter.originId}`)],
    ["job", letter.jobId === null ? "its bytes name none" : visibleText(letter.jobId)],
    ["today", letter.fault === null ? "would be understood" : `not understood: ${visibleText(letter.fault)}`],
    ["bytes", `${letter.size}, with what is not printable written out (--raw for the bytes themselves):`],
  ];
  const lines = rows.map(([name, value]) => `${paint("dim", name.padEnd(11))} ${value}`);
  return [...lines, visibleBytes(letter.data)].join("\n");
}

/** What became of a letter, as one line. `dryRun`: it only would. */
export function outcomeLine(
  kind: LetterKind,
  done: Requeued | Discarded,
  { paint, dryRun }: { paint: Paint; dryRun: boolean },
): string {
  const { letter, outcome } = done;
  const words = dryRun && outcome !== "refused" ? `would be ${outcome}` : outcome;
  const label = paint(outcome === "refused" ? "red" : outcome === "gone" ? "yellow" : "green", words);
  const detail = "why" in done
    ? done.why ?? (done.entryId ? `as ${done.entryId}` : "")
    : `${done.letter.reason}, ${done.letter.size} bytes`;
  const subject = visibleText(`${letter.jobId ?? "-"}  ${letter.originStream} ${letter.originId}`);
  return `${label}  ${kind} ${letter.id}  ${subject}  ${visibleText(detail)}`.trimEnd();
}

/** The same as an object for programs; a letter thrown away has its bytes with it. */
export function outcomeJson(
  kind: LetterKind,
  done: Requeued | Discarded,
  dryRun: boolean,
): Record<string, unknown> {
  const { letter, outcome } = done;
  if (!("why" in done)) return { outcome, dry_run: dryRun, ...letterJson(kind, done.letter) };
  return { outcome, dry_run: dryRun, ...letterHeadJson(kind, letter), entry_id: done.entryId, why: done.why };
}

/** In UTC, to the second. A letter may claim any time: one that no calendar has is shown as its number. */
function timeText(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? String(ms) : `${date.toISOString().slice(0, 19)}Z`;
}
