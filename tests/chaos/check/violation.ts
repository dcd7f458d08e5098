/**
 * What a check says.
 *
 * @module
 */

/** A promise that was not kept. */
export interface Violation {
  /** Such as `G1`. */
  readonly guarantee: string;
  /** The job, or the worker, it is about. */
  readonly subject: string;
  /** One sentence: what was seen where, and what should have been. */
  readonly what: string;
}

/** The result of one guarantee's check. */
export interface CheckResult {
  /** How many things were compared; with 0 the guarantee was not checked at all. */
  readonly checked: number;
  readonly violations: readonly Violation[];
  /** Things that were not as usual, but are not promised: by reason, how many. */
  readonly excused: Readonly<Record<string, number>>;
}

/** Collects a result. */
export class Findings {
  readonly #guarantee: string;
  readonly #violations: Violation[] = [];
  readonly #excused: Record<string, number> = {};
  #checked = 0;

  constructor(guarantee: string) {
    this.#guarantee = guarantee;
  }

  /** Counts one comparison; if it did not hold, `what` is a violation. */
  expect(held: boolean, subject: string, what: () => string): void {
    this.#checked++;
    if (!held) this.#violations.push({ guarantee: this.#guarantee, subject, what: what() });
  }

  /** Counts something that is not promised. */
  excuse(reason: string, count = 1): void {
    if (count > 0) this.#excused[reason] = (this.#excused[reason] ?? 0) + count;
  }

  get result(): CheckResult {
    return { checked: this.#checked, violations: this.#violations, excused: this.#excused };
  }
}

/** A text short enough for a report. */
export function shown(text: string): string {
  const json = JSON.stringify(text);
  return json.length > 90 ? `${json.slice(0, 60)}…(${text.length} characters)` : json;
}
