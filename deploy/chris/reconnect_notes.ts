import type { Reconnecting } from "lib/client/chris_client.ts";
import { duration } from "./duration.ts";

/** Tells once that a stream was cut, and that its outage is over when it goes on. */
export class ReconnectNotes {
  readonly #note: (text: string) => void;
  #away = false;

  constructor(note: (text: string) => void) {
    this.#note = note;
  }

  /** A connection was lost, or could not be made. A first one that is back at once is nobody's concern. */
  lost({ cause, delayMs, failures }: Reconnecting): void {
    if (failures < 2 || this.#away) return;
    this.#away = true;
    this.#note(`${cause.message}; trying again until it works, next in ${duration(delayMs)}`);
  }

  /** An event came. */
  heard(): void {
    if (this.#away) this.#note("connected again, nothing was lost");
    this.#away = false;
  }
}
