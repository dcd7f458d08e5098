/**
 * The Engine's event texts → the containers they are about. What happened to them is not looked at.
 *
 * @module
 */
import { z } from "@zod/zod";

const Event = z.object({
  Actor: z.object({ ID: z.string().min(1), Attributes: z.record(z.string(), z.string()).catch({}) }),
});

/** A container as an event names it. */
export interface EventContainer {
  readonly id: string;
  /** Its labels, and its `name`. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** Bytes of one events connection in, containers out; a text may be cut anywhere. Pure. */
export class EventContainers {
  #rest = "";
  readonly #decoder = new TextDecoder();

  /**
   * The containers of the events that `chunks` complete, each once.
   *
   * @throws {SyntaxError} if something is no JSON. An event without a container is passed over.
   */
  take(chunks: readonly Uint8Array[]): EventContainer[] {
    for (const chunk of chunks) this.#rest += this.#decoder.decode(chunk, { stream: true });
    const texts = this.#rest.split("\n");
    this.#rest = texts.pop() ?? "";
    const events = texts.filter((text) => text.trim() !== "").map((text) =>
      Event.safeParse(JSON.parse(text))
    );
    const containers = new Map(
      events.flatMap(({ data }) => data ? [[data.Actor.ID, data.Actor] as const] : []),
    );
    return [...containers].map(([id, { Attributes: attributes }]) => ({ id, attributes }));
  }
}
