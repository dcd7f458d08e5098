import type { Output } from "../command/output.ts";

/** Lines at the bottom of a terminal that are drawn anew, below those that stay. */
export class LiveBlock {
  readonly #out: Output;
  #height = 0;

  constructor(out: Output) {
    this.#out = out;
  }

  /** Draws the lines in place of those drawn before. What is too wide is cut, so that each stays one line. */
  draw(lines: readonly string[]): void {
    this.#write(`${this.#erasing()}\x1b[?7l${lines.map((line) => `${line}\n`).join("")}\x1b[?7h`);
    this.#height = lines.length;
  }

  /** Takes the lines away, so that others can be written in their place. */
  erase(): void {
    if (this.#height > 0) this.#write(this.#erasing());
    this.#height = 0;
  }

  /** To the first of the lines, and everything from there on cleared. */
  #erasing(): string {
    return this.#height > 0 ? `\x1b[${this.#height}A\r\x1b[J` : "";
  }

  #write(text: string): void {
    this.#out.bytes(new TextEncoder().encode(text));
  }
}
