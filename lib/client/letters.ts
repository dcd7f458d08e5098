/**
 * Dead letters in requests and answers. Plain types: they leave nothing behind in JavaScript.
 *
 * @module
 */

/** The streams whose consumers dead-letter what they can never handle. */
export type LetterKind = "status" | "logs";

/** Which letters are meant: all that is given must hold. */
export interface LetterFilter {
  readonly job?: string | undefined;
  /** Text in reason or error. */
  readonly reason?: string | undefined;
  /** The stream it came from. */
  readonly origin?: string | undefined;
  /** Dead-lettered at this time (ISO 8601) or later, or so long (`2h`) before now. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

/** A page of letters. */
export interface LetterListQuery extends LetterFilter {
  /** `next` of the page before. */
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
}

/** How letters go back into their streams. */
export interface RequeueParams {
  /** Takes along earlier letters of the same jobs, which would be overtaken. */
  readonly with_earlier?: boolean | undefined;
  /** Puts back also what consumers would not understand. */
  readonly force?: boolean | undefined;
  /** Tells what would happen, and changes nothing. */
  readonly dry_run?: boolean | undefined;
}

/** Which letters go back, and how: a filter or ids, or `all`. */
export interface RequeueRequest extends LetterFilter, RequeueParams {
  readonly all?: boolean | undefined;
  readonly ids?: readonly string[] | undefined;
  readonly limit?: number | undefined;
}

/** What any answer about a letter tells. */
export interface LetterHead {
  readonly stream: LetterKind;
  readonly id: string;
  /** The job that its bytes name. */
  readonly job_id: string | null;
  readonly origin_stream: string;
  readonly origin_id: string;
  /** Why it would not be understood today; null if it would. */
  readonly fault: string | null;
  /** Bytes. */
  readonly size: number;
}

/** A letter in a list. */
export interface ListedLetter extends LetterHead {
  readonly reason: string;
  readonly error: string | null;
  readonly deliveries: number | null;
  /** ms since 1970. */
  readonly first_seen: number | null;
  /** When it was dead-lettered (ms since 1970). */
  readonly ts: number;
}

/** A page of letters, oldest first. */
export interface LetterList {
  readonly letters: readonly ListedLetter[];
  /** Where the next page begins; null at the end. */
  readonly next: string | null;
}

/** A whole letter. */
export interface Letter extends ListedLetter {
  /** The original bytes, if they are text. */
  readonly data?: string | undefined;
  /** The original bytes, if they are no text. */
  readonly data_base64?: string | undefined;
}

/** What became of a letter, or would. `gone`: somebody else was faster. */
export interface RequeueOutcome extends LetterHead {
  readonly outcome: "requeued" | "gone" | "refused";
  /** Id of its new entry. */
  readonly entry_id: string | null;
  /** Why it was refused. */
  readonly why: string | null;
}

/** What became of letters. */
export interface RequeueResult {
  readonly dry_run: boolean;
  readonly counts: { readonly requeued: number; readonly gone: number; readonly refused: number };
  /** Of the first of them. */
  readonly outcomes: readonly RequeueOutcome[];
  readonly outcomes_left_out: number;
}

/** A letter that was thrown away, or would be. */
export interface DiscardResult {
  readonly outcome: "discarded";
  readonly dry_run: boolean;
  readonly letter: Letter;
}
