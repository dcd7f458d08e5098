import { engineAway, logStoreAway, pfconAway, postgresAway, redisAway } from "./away.ts";
import { duplicateDeliveries, reorderedDeliveries } from "./deliveries.ts";
import type { Fault } from "./fault.ts";
import { kill } from "./kill.ts";
import { killAllOf } from "./kill_all_of.ts";
import { duplicateEvents, reorderedEvents, skewedEvents } from "./notifications.ts";
import { pause } from "./pause.ts";
import { pfcon409, pfcon500, pfconLostAnswer, pfconSlow, pfconTimeout } from "./pfcon_trouble.ts";
import { poison } from "./poison.ts";
import { postgresKill, postgresRestart } from "./postgres_server.ts";
import { redisFlush, redisKill, redisSleep, redisStop } from "./redis_server.ts";
import { sseRestart } from "./sse_restart.ts";
import { stop } from "./stop.ts";

/** Every kind of fault. */
export const ALL_FAULTS: readonly Fault[] = [
  kill,
  killAllOf,
  pause,
  stop,
  sseRestart,
  redisStop,
  redisKill,
  redisFlush,
  redisSleep,
  redisAway,
  postgresRestart,
  postgresKill,
  postgresAway,
  logStoreAway,
  engineAway,
  pfconAway,
  pfcon500,
  pfcon409,
  pfconTimeout,
  pfconSlow,
  pfconLostAnswer,
  skewedEvents,
  duplicateEvents,
  reorderedEvents,
  duplicateDeliveries,
  reorderedDeliveries,
  poison,
];

/**
 * The faults of a list such as `kill,pause`; `all` is all of them, and `none` none.
 *
 * @throws {RangeError} if one is unknown, with all that there are.
 */
export function faultsOf(list: string): Fault[] {
  const names = list.split(",").map((name) => name.trim()).filter(Boolean);
  if (names.length === 1 && names[0] === "all") return [...ALL_FAULTS];
  if (names.length === 1 && names[0] === "none") return [];
  const unknown = names.find((name) => !ALL_FAULTS.some((fault) => fault.name === name));
  if (unknown !== undefined || names.length === 0) {
    const known = ALL_FAULTS.map(({ name }) => name).join(", ");
    throw new RangeError(`Cannot inject "${unknown ?? list}": expected all, none or some of ${known}`);
  }
  return ALL_FAULTS.filter(({ name }) => names.includes(name));
}
