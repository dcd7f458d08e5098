import type { ChrisClient } from "lib/client/chris_client.ts";
import type { Output } from "../command/output.ts";
import type { Paint } from "../command/paint.ts";

/** What a command works with. */
export interface CommandContext {
  readonly client: ChrisClient;
  /** Results. */
  readonly out: Output;
  /** What programs wrote to their standard error, and what is no result. */
  readonly err: Output;
  /** For {@link out}. */
  readonly paint: Paint;
  /** Tells people what is no result. */
  readonly note: (text: string) => void;
  /** Aborts when the person at the terminal has had enough. */
  readonly signal: AbortSignal;
  /** Whether {@link out} and {@link err} are terminals on which lines can be drawn anew. */
  readonly live: { readonly out: boolean; readonly err: boolean };
  /** ms since 1970. */
  readonly now: () => number;
  /** The text of a file that the command line names; `-` is standard input. */
  readonly readText: (path: string) => Promise<string>;
  /** Asks the person at the terminal; null if there is none to ask. */
  readonly confirm: (question: string) => boolean | null;
}

/** What all commands know of the command line. */
export interface CommonOptions {
  readonly url: string;
  readonly tokenFile: string | null;
  /** A file that the command reads; null if none, or standard input. */
  readonly inputFile: string | null;
}

/** A command line, understood: what is needed to carry it out, and how. */
export interface Invocation {
  readonly common: CommonOptions;
  /** Returns the exit code. */
  readonly act: (context: CommandContext) => Promise<number>;
}

/** A command. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Shown by `--help`. */
  readonly usage: string;
  /**
   * Reads what follows the command's name. Pure.
   *
   * @throws {TypeError} if there is an unknown option. @throws {RangeError} if what is given cannot work.
   */
  readonly prepare: (args: readonly string[], url: string) => Invocation;
}
