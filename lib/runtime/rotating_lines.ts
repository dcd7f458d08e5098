/**
 * Following a log that is cut at the front while it grows (see `log_rotation.ts` for why it is done like this).
 *
 * Its end is read again and again. Whatever comes after the fragment that was given last (the anchor) is new; if
 * the anchor is not in the part that was asked for, the whole log is read; if it is not there either, it was rotated
 * away before its successors were read. Then following ends here, and whoever reads on from its own cursor sees that
 * lines are missing (`log_progress.ts`).
 *
 * @module
 */
import { sleep } from "../run/sleep.ts";
import { LogAnchor } from "./log_anchor.ts";
import type { LogRotation } from "./log_rotation.ts";
import type { Fragment, LineRange } from "./runtime.ts";
import { WriteHints } from "./write_hints.ts";

/** A log that is rotated. */
export interface RotatingLog {
  readonly rotation: LogRotation;
  /** What is stored at this moment: all, or the last `tail` fragments, without those before `since`. */
  read(
    part: { readonly tail?: number; readonly since?: string | null },
    signal: AbortSignal,
  ): AsyncIterable<Fragment[]>;
  /** The first fragment stored at this moment, null if there is none. */
  first(signal: AbortSignal): Promise<Fragment | null>;
  /** Gives something at once if something of `since` or later is stored, and whenever something is written. */
  writes(since: string | null, signal: AbortSignal): AsyncIterable<unknown>;
}

/** Between two looks at a log that is being written to (ms). */
const LOOK_MS = 50;
/** A log of which nothing is heard is looked at this often: hints may be lost (ms). */
const IDLE_MS = 10_000;
/** If a look finds so many fragments, the next follows without waiting for a hint. */
const MANY = 100;
/** Bounds of the part that a look asks for (fragments). */
const TAIL = { least: 500, most: 50_000 };

/** As `Runtime.lines()`: ends early, with nothing lost by it, when fragments were rotated away unread. */
export async function* rotatingLines(
  log: RotatingLog,
  range: LineRange,
  signal: AbortSignal,
): AsyncGenerator<Fragment[]> {
  const anchor = new LogAnchor();
  const since = log.rotation.compressed ? null : range.since ?? null;
  const first = range.since ? picture(log, { since }, signal) : firstPicture(log, signal);
  for await (const fragments of first) {
    anchor.pass(fragments);
    yield fragments;
  }
  if (!range.follow) return;
  using hints = new WriteHints((stop) => log.writes(sinceOf(log, anchor), stop), signal);
  let found = 0;
  while (!signal.aborted) {
    if (found >= MANY) await sleep(LOOK_MS, signal);
    else await hints.next(IDLE_MS, LOOK_MS);
    const isLast = hints.ended;
    const look = lookAfter(log, anchor, tailFor(found), signal);
    let step = await look.next();
    for (found = 0; !step.done; step = await look.next()) {
      found += step.value.length;
      yield step.value;
    }
    if (!step.value || isLast) return;
    if (found >= MANY) hints.close();
  }
}

/** What was written after the anchor. Returns whether the anchor was still there. */
async function* lookAfter(
  log: RotatingLog,
  anchor: LogAnchor,
  tail: number,
  signal: AbortSignal,
): AsyncGenerator<Fragment[], boolean> {
  const isFirst = anchor.time === null;
  for (const part of isFirst ? [{}] : [{ tail, since: sinceOf(log, anchor) }, {}]) {
    const search = anchor.search(!("tail" in part));
    for await (const fragments of isFirst ? firstPicture(log, signal) : picture(log, part, signal)) {
      const fresh = search.take(fragments);
      if (fresh.length === 0) continue;
      anchor.pass(fresh);
      yield fresh;
    }
    if (search.found || signal.aborted) return true;
  }
  return false;
}

/** A picture of all there is, when nothing was given yet: says so if something may have been dropped before it. */
async function* firstPicture(log: RotatingLog, signal: AbortSignal): AsyncGenerator<Fragment[]> {
  if (log.rotation.surelyKept === 0) return yield* picture(log, {}, signal);
  const before = await measure(log, signal);
  if (before.first === null) return;
  let isFirst = true;
  for await (const [first, ...rest] of picture(log, {}, signal)) {
    if (!first) continue;
    const beheaded = isFirst && (before.isFull || first.time !== before.first.time);
    isFirst = false;
    yield beheaded ? [{ ...first, beheaded }, ...rest] : [first, ...rest];
  }
}

/** What the log begins with, and whether it is so large that something may have been dropped. */
async function measure(
  log: RotatingLog,
  signal: AbortSignal,
): Promise<{ first: Fragment | null; isFull: boolean }> {
  const { surelyKept, sizeOf } = log.rotation;
  let first: Fragment | null = null;
  let size = 0;
  for await (const fragments of log.read({}, signal)) {
    first ??= fragments[0] ?? null;
    for (const { bytes } of fragments) size += sizeOf(bytes);
    if (size >= surelyKept) break;
  }
  return { first, isFull: size >= surelyKept };
}

/** A true picture of (a part of) the log, or its beginning. */
async function* picture(
  log: RotatingLog,
  part: { readonly tail?: number; readonly since?: string | null },
  signal: AbortSignal,
): AsyncGenerator<Fragment[]> {
  if (!log.rotation.oneFile) return yield* log.read(part, signal);
  // As long as the file still begins as it did, it was not emptied while it was read.
  const first = await log.first(signal);
  for await (const fragments of log.read(part, signal)) {
    const now = await log.first(signal);
    if (!first || !now || first.time !== now.time || first.stream !== now.stream) return;
    yield fragments;
  }
}

/** Spares the Engine from unpacking older files. If that leaves out too much, the anchor is missing too. */
function sinceOf(log: RotatingLog, anchor: LogAnchor): string | null {
  return log.rotation.compressed ? anchor.time : null;
}

function tailFor(found: number): number {
  return Math.min(Math.max(2 * found, TAIL.least), TAIL.most);
}
