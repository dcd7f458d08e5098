import { assertEquals } from "@std/assert";
import { Output } from "../command/output.ts";
import { LiveBlock } from "./live_block.ts";

/** What a terminal shows that knows the few sequences a block uses. */
class Screen {
  readonly #lines: string[] = [""];
  #row = 0;

  writeSync(bytes: Uint8Array): number {
    // deno-lint-ignore no-control-regex
    for (const [part] of new TextDecoder().decode(bytes).matchAll(/\x1b\[\??\d*[A-Za-z]|[^]/g)) {
      this.#take(part);
    }
    return bytes.length;
  }

  get lines(): string[] {
    return this.#lines.slice(0, -1);
  }

  #take(part: string): void {
    if (part === "\n") this.#lines[++this.#row] ??= "";
    else if (part === "\x1b[J") this.#lines.splice(this.#row, Infinity, "");
    else if (part.endsWith("A")) this.#row -= Number(part.slice(2, -1));
    else if (part === "\r" || part.startsWith("\x1b[?7")) return;
    else this.#lines[this.#row] += part;
  }
}

Deno.test("LiveBlock draws lines in place of those before, however many, below those that stay", () => {
  const screen = new Screen();
  const out = new Output(screen);
  const block = new LiveBlock(out);
  out.line("stays");
  block.draw(["a", "b", "c"]);
  assertEquals(screen.lines, ["stays", "a", "b", "c"]);
  block.draw(["d"]);
  assertEquals(screen.lines, ["stays", "d"]);
  block.erase();
  out.line("between");
  block.draw(["e", "f"]);
  block.draw(["g", "h"]);
  assertEquals(screen.lines, ["stays", "between", "g", "h"]);
});
