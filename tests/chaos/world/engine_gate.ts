/**
 * The gate before the Docker Engine, which can also distort what the engine notifies of.
 *
 * @module
 */
import type { Random } from "../random.ts";
import { distorted, type Distortion } from "./distortion.ts";
import { EventsBody } from "./events_body.ts";
import { Gate, type GateFilter } from "./gate.ts";

/** A gate on a socket of its own, with the distortion of notifications that is wanted now. */
export interface EngineGate {
  readonly gate: Gate;
  /** Path of the socket. */
  readonly path: string;
  /** How notifications are distorted from now on; null: not at all. */
  distort(distortion: Distortion | null): void;
}

/** A gate at `path` before the engine's own `socket`. */
export function engineGate(name: string, path: string, socket: string, random: Random): EngineGate {
  let wanted: Distortion | null = null;
  const gate = new Gate({
    name,
    listen: () => listenAt(path),
    connect: () => Deno.connect({ transport: "unix", path: socket }),
    filter: () => eventsFilter(() => wanted, random),
  });
  return { gate, path, distort: (distortion) => wanted = distortion };
}

/** Distorts the answers to `GET …/events`; the rest passes. */
function eventsFilter(wanted: () => Distortion | null, random: Random): GateFilter {
  let body: EventsBody | null = null;
  return {
    asked: (bytes) => {
      const line = ascii.decode(bytes.subarray(0, 64));
      if (line.startsWith("GET ")) {
        body = /^GET (\/v[\d.]+)?\/events[? ]/.test(line) ? new EventsBody() : null;
      }
    },
    answered: (bytes, give) => {
      if (!body) return give(bytes);
      for (const part of body.read(bytes)) {
        const distortion = wanted();
        if (part.kind === "raw" || !distortion) {
          give(part.bytes);
          continue;
        }
        for (const { text, delayMs } of distorted(part.text, distortion, random)) {
          const chunk = EventsBody.chunk(text);
          if (delayMs === 0) give(chunk);
          else setTimeout(() => give(chunk), delayMs);
        }
      }
    },
  };
}

const ascii = new TextDecoder("latin1");

/** A socket's file outlives its listener. */
function listenAt(path: string): Deno.Listener {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return Deno.listen({ transport: "unix", path });
}
