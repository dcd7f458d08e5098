/** Styles of text on a terminal. */
export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "blue" | "cyan" | "magenta";

const CODES: Record<Style, number> = {
  bold: 1,
  dim: 2,
  red: 31,
  green: 32,
  yellow: 33,
  blue: 34,
  magenta: 35,
  cyan: 36,
};

/** Writes lines for people: with colours on a terminal (unless NO_COLOR is set), plain elsewhere. */
export class Terminal {
  readonly #write: (text: string) => void;

  constructor(readonly colours: boolean, write?: (text: string) => void) {
    this.#write = write ?? ((text) => Deno.stdout.writeSync(new TextEncoder().encode(text)));
  }

  /** The terminal of this process. */
  static ours(): Terminal {
    return new Terminal(Deno.stdout.isTerminal() && !Deno.noColor);
  }

  /** Writes one line. */
  line(text = ""): void {
    this.#write(`${text}\n`);
  }

  /** The text in a style, or as it is where there are no colours. */
  style(style: Style, text: string): string {
    return this.colours ? `\x1b[${CODES[style]}m${text}\x1b[0m` : text;
  }

  /** Writes that something is there, and how long that took. */
  done(name: string, detail: string, ms?: number): void {
    const took = ms === undefined ? "" : this.style("dim", `  ${(ms / 1000).toFixed(1)} s`);
    this.line(`  ${this.style("green", "ok")}  ${name.padEnd(NAME_WIDTH)} ${detail}${took}`);
  }

  /** Writes what is going on with something that is not there yet. */
  progress(name: string, text: string): void {
    this.line(this.style("dim", `  ..  ${name.padEnd(NAME_WIDTH)} ${text}`));
  }

  /** Writes that something is wrong; further lines of `text` are set off. */
  warn(name: string, text: string): void {
    const [first = "", ...rest] = text.split("\n");
    this.line(`  ${this.style("yellow", "!!")}  ${name.padEnd(NAME_WIDTH)} ${first}`);
    for (const line of rest) this.line(this.style("dim", `      ${line}`));
  }
}

const NAME_WIDTH = 16;

/**
 * Text that cannot do anything to a terminal: control characters, and those that change the direction of
 * writing, are shown as `\u{…}`. A tab stays.
 */
export function harmless(text: string): string {
  return text.replace(/(?!\t)[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, (char) => {
    return `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`;
  });
}
