/**
 * What happened to containers, told to whoever listens: the source of `GET /events`.
 *
 * @module
 */
import { EngineError } from "./engine_error.ts";
import { beginsWithOneOf, type Filters, hasLabels, isOneOf } from "./filters.ts";
import type { NanoClock } from "./nano_time.ts";

/** What can happen to a container. */
export type Action = "create" | "start" | "kill" | "die" | "stop" | "destroy";

/** One thing that happened. `attributes` has the container's name, image and labels, and what the action adds. */
export interface ContainerEvent {
  readonly action: Action;
  readonly id: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly nanos: bigint;
}

/** Which events are wanted; times in nanoseconds, inclusive. Without `since` and `until`: those from now on. */
export interface EventQuery {
  readonly since?: bigint | undefined;
  readonly until?: bigint | undefined;
  readonly filters: Filters;
}

/** So many past events can be asked for, as with the real Engine. */
const KEPT = 256;
/** A listener that is so far behind is dropped; it reconnects with `since`. */
const WAITING = 10_000;

/** Keeps the latest events and hands new ones to listeners. */
export class EventJournal {
  readonly #clock: NanoClock;
  readonly #past: ContainerEvent[] = [];
  readonly #listeners = new Set<(event: ContainerEvent) => void>();

  constructor(clock: NanoClock) {
    this.#clock = clock;
  }

  /** Records that something happened just now. */
  publish(event: Omit<ContainerEvent, "nanos">): void {
    const dated = { ...event, nanos: this.#clock() };
    this.#past.push(dated);
    if (this.#past.length > KEPT) this.#past.shift();
    for (const listener of this.#listeners) listener(dated);
  }

  /**
   * The wanted events as JSON lines, for as long as the client listens or until `until`.
   *
   * @throws {EngineError} 400 if `until` is before `since`.
   */
  stream(query: EventQuery): ReadableStream<Uint8Array<ArrayBuffer>> {
    const { since, until, filters } = query;
    if (since !== undefined && until !== undefined && until < since) {
      throw new EngineError(400, `\`since\` time (${since} ns) cannot be after \`until\` time (${until} ns)`);
    }
    const now = this.#clock();
    const past = since === undefined && until === undefined
      ? []
      : this.#past.filter(({ nanos }) => nanos >= (since ?? 0n) && nanos <= (until ?? now));
    let stop = () => {};
    return new ReadableStream({
      start: (controller) => {
        for (const event of past) if (isWanted(event, filters)) controller.enqueue(eventLine(event));
        if (until !== undefined && until <= now) return controller.close();
        const end = () => {
          stop();
          controller.close();
        };
        const listener = (event: ContainerEvent) => {
          if (!isWanted(event, filters)) return;
          if ((controller.desiredSize ?? 0) < -WAITING) return end();
          controller.enqueue(eventLine(event));
        };
        const timer = until === undefined
          ? undefined
          : setTimeout(end, Number((until - now) / 1_000_000n) + 1);
        this.#listeners.add(listener);
        stop = () => {
          clearTimeout(timer);
          this.#listeners.delete(listener);
        };
      },
      cancel: () => stop(),
    });
  }
}

/** An event in the form the API sends it. */
function eventLine({ action, id, attributes, nanos }: ContainerEvent): Uint8Array<ArrayBuffer> {
  const text = JSON.stringify({
    status: action,
    id,
    from: attributes.image,
    Type: "container",
    Action: action,
    Actor: { ID: id, Attributes: attributes },
    scope: "local",
    time: Number(nanos / 1_000_000_000n),
  });
  // The nanoseconds are beyond what a JavaScript number can hold.
  return new TextEncoder().encode(`${text.slice(0, -1)},"timeNano":${nanos}}\n`);
}

function isWanted({ action, id, attributes }: ContainerEvent, filters: Filters): boolean {
  const image = attributes.image ?? "";
  return isOneOf(filters, "type", "container") && isOneOf(filters, "scope", "local") &&
    isOneOf(filters, "event", action) && beginsWithOneOf(filters, "container", [id, attributes.name ?? ""]) &&
    (isOneOf(filters, "image", image) || isOneOf(filters, "image", image.replace(/:[^:/]*$/, ""))) &&
    hasLabels(filters, attributes);
}
