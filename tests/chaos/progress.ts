/**
 * What people see while the harness works.
 *
 * @module
 */

/** Kinds of lines, with their colours (SGR numbers). */
const COLOURS = { world: 36, fault: 33, load: 32, check: 35, bad: 31 } as const;

/** Writes lines with the time since the start; colours only where they are wanted. */
export class Progress {
  readonly #write: (line: string) => void;
  readonly #colours: boolean;
  readonly #begin = performance.now();

  constructor(options: { write: (line: string) => void; colours: boolean }) {
    this.#write = options.write;
    this.#colours = options.colours;
  }

  say(kind: keyof typeof COLOURS, text: string): void {
    const seconds = ((performance.now() - this.#begin) / 1_000).toFixed(1).padStart(6);
    const label = kind.padEnd(5);
    this.#write(`${seconds} s  ${this.#colours ? `\x1b[${COLOURS[kind]}m${label}\x1b[0m` : label}  ${text}`);
  }
}
