import { sleep } from "../../run/sleep.ts";
import type { Carry } from "../redis_model/model_connection.ts";
import { type Reply, ReplyError } from "../redis_model/redis_model.ts";
import type { Moment } from "./scenario.ts";
import type { Witness } from "./witness.ts";

/** How Redis and the way there are now. */
export interface Weather {
  /** Redis cannot be reached before this moment (ms since 1970). */
  awayUntil: number;
  /** Redis refuses everything before this moment. */
  refusesUntil: number;
  /** Answers get lost now and then before this moment. */
  losesUntil: number;
  /** How often connections broke. */
  breaks: number;
}

/** What a link needs to know. */
export interface LinkOptions {
  readonly now: () => number;
  /** Told where the replica is; something may happen to it there. */
  readonly at: (moment: Moment) => Promise<void>;
}

const FENCED = "fenced";

/**
 * The way to a Redis that is slow, away, or breaks the connection after it has done what it was asked: then the
 * command is sent again, as our client does. Each command waits before and after: where other replicas may come
 * in between, and where the process may be frozen or die.
 */
export function unsureLink(weather: Weather, witness: Witness, { now, at }: LinkOptions): Carry {
  return async (execute, command, args) => {
    for (;;) {
      await sleep(Math.random() * 4);
      if (weather.awayUntil > now()) {
        await sleep(weather.awayUntil - now() + Math.random() * 50);
        continue;
      }
      if (isFenced(command, args)) await at("before a script");
      const { breaks } = weather;
      const outcome = attempt(() => {
        if (weather.refusesUntil > now()) {
          throw new ReplyError("LOADING Redis is loading the dataset in memory");
        }
        return guarded(execute, command, args, witness);
      });
      if (isFenced(command, args)) await at("after a script");
      await sleep(Math.random() * 4);
      if (weather.breaks !== breaks || (weather.losesUntil > now() && Math.random() < 0.3)) continue;
      if (outcome instanceof ReplyError) throw outcome;
      return outcome;
    }
  };
}

function attempt(act: () => Reply): Reply | ReplyError {
  try {
    return act();
  } catch (error) {
    if (error instanceof ReplyError) return error;
    throw error;
  }
}

/** Tells of scripts that were done for someone who did not own the shard at that moment. */
function guarded(execute: () => Reply, command: string, args: readonly string[], witness: Witness): Reply {
  if (!isFenced(command, args)) return execute();
  const [, count, leaseKey = "", epochKey = "", stream = ""] = args;
  const [replica, epoch] = args.slice(2 + Number(count));
  const [owner, current] = witness.holderOf(leaseKey, epochKey);
  const reply = execute();
  if (reply === FENCED) witness.refusals++;
  else if (owner !== replica || current !== epoch) {
    witness.faults.push(
      `${replica} of epoch ${epoch} changed ${stream}, which ${owner} owns in epoch ${current}`,
    );
  }
  return reply;
}

/** Whether it is a script that only the shard's owner may run: its keys begin with lease, epoch and stream. */
function isFenced(command: string, [, count = "0", leaseKey = ""]: readonly string[]): boolean {
  return command === "EVAL" && Number(count) >= 3 && /:lease:\d+$/.test(leaseKey);
}
