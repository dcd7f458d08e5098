import type { Terminal } from "./terminal.ts";
import type { DemoOptions } from "./options.ts";

/** What the demo works with. */
export interface DemoContext {
  readonly options: DemoOptions;
  readonly terminal: Terminal;
  /** Aborts when people want it to end. */
  readonly signal: AbortSignal;
  /** An existing folder of the demo's own. */
  readonly dir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** People wanted the demo to end before everything was up. */
export class StoppedError extends Error {
  override readonly name = "StoppedError";
}
