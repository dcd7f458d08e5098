/**
 * The Engine's event texts → ids of the containers they are about. The rest of an event is not looked at.
 *
 * @module
 */
import { z } from "@zod/zod";

const Event = z.object({ Actor: z.object({ ID: z.string().min(1) }) });

/** Bytes of one events connection in, container ids out; a text may be cut anywhere. Pure. */
export class EventIds {
  #rest = "";
  readonly #decoder = new TextDecoder();

  /**
   * The containers of the events that `chunks` complete, each once.
   *
   * @throws {SyntaxError} if something is no JSON. An event without a container is passed over.
   */
  take(chunks: readonly Uint8Array[]): string[] {
    for (const chunk of chunks) this.#rest += this.#decoder.decode(chunk, { stream: true });
    const texts = this.#rest.split("\n");
    this.#rest = texts.pop() ?? "";
    const events = texts.filter((text) => text.trim() !== "").map((text) =>
      Event.safeParse(JSON.parse(text))
    );
    return [...new Set(events.flatMap(({ data }) => data ? [data.Actor.ID] : []))];
  }
}
