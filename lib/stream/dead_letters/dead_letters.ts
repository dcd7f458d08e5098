/**
 * The dead letters of one sharded stream: to be read in pages, put back, or thrown away (guarantee G9). What puts
 * back and throws away is atomic in Redis and looks whether the letter is still there, so it happens once, however
 * many people ask for it at the same time and however often the connection breaks.
 *
 * @module
 */
import type { Redis } from "ioredis";
import type { Buffer } from "node:buffer";
import { callOnce } from "../call_once.ts";
import { type LetterFilter, letterRange, matches } from "./letter_filter.ts";
import { FIRST_ENTRY_ID } from "../entry_id.ts";
import { type DecodeEvent, type FoundLetter, foundLetter } from "./found_letter.ts";
import { redisCall } from "../redis_script.ts";

/** Which dead letters, and whose. */
export interface LetterSource {
  /** Key of the stream of dead letters. */
  readonly dlq: string;
  /** Base of the sharded stream that the entries were in. */
  readonly base: string;
  readonly numShards: number;
  readonly decode: DecodeEvent;
}

/** Most letters of a page; a page also ends with the letter that brings it to {@link PAGE_BYTES}. */
const PAGE_LETTERS = 500;
const PAGE_BYTES = 1024 * 1024;

// One by one, so that neither Redis nor we ever hold more than a page, however long the letters are.
const PAGE = `
local page, bytes, from = {}, 0, ARGV[1]
while #page < tonumber(ARGV[3]) and bytes < tonumber(ARGV[4]) do
  local found = redis.call('XRANGE', KEYS[1], from, ARGV[2], 'COUNT', 1)[1]
  if not found then break end
  page[#page + 1] = found
  for _, field in ipairs(found[2]) do bytes = bytes + #field end
  from = '(' .. found[1]
end
return page`;

// A letter written twice (its writer repeats itself when an answer gets lost) is one fact: it is put back once.
const PUT_BACK = `
if #redis.call('XRANGE', KEYS[1], '(' .. ARGV[1], '+', 'COUNT', 1) > 0 then return {} end
local entries, last, entry = {}, {}, ''
for i = 2, #ARGV do
  local found = redis.call('XRANGE', KEYS[1], ARGV[i], ARGV[i])[1]
  if found then
    local letter = {}
    for f = 1, #found[2], 2 do letter[found[2][f]] = found[2][f + 1] end
    if letter.origin_id ~= last.origin_id or letter.data ~= last.data then
      entry = redis.call('XADD', KEYS[2], '*', 'data', letter.data or '',
        'requeued_from', letter.origin_id or '')
    end
    redis.call('XDEL', KEYS[1], ARGV[i])
    last = letter
  end
  entries[#entries + 1] = found and entry or ''
end
return entries`;

const THROW_AWAY = `
local removed = {}
for i = 1, #ARGV do removed[i] = redis.call('XDEL', KEYS[1], ARGV[i]) end
return removed`;

/** See the module's description. All methods throw an `OutageError` when Redis refuses. */
export class DeadLetters {
  readonly #redis: Redis;

  constructor(redis: Redis, readonly source: LetterSource) {
    this.#redis = redis;
  }

  /**
   * The letters that `filter` means, oldest first, in pages small enough to hold; only those after the id
   * `after`, and at most `limit`.
   */
  async *pages(
    filter: LetterFilter = {},
    { after, limit = Infinity }: { after?: string; limit?: number } = {},
  ): AsyncGenerator<FoundLetter[]> {
    let left = limit;
    for (let last = after; left > 0;) {
      const { from, to } = letterRange(filter, last);
      const page = await this.#page(from, to);
      if (page.length === 0) return;
      last = page.at(-1)?.id;
      const wanted = page.filter((letter) => matches(filter, letter)).slice(0, left);
      left -= wanted.length;
      if (wanted.length > 0) yield wanted;
    }
  }

  /** The letter of this id, or null. */
  async find(id: string): Promise<FoundLetter | null> {
    const [letter] = await this.#page(id, id);
    return letter ?? null;
  }

  /** Id of the newest letter; `0-0` if there is none. */
  async newest(): Promise<string> {
    const found = await redisCall(
      "look for the newest dead letter",
      () => this.#redis.xrevrange(this.source.dlq, "+", "-", "COUNT", 1),
    );
    return found[0]?.[0] ?? FIRST_ENTRY_ID;
  }

  /**
   * Adds the entries of these letters to `stream` again, with their original bytes and, in `requeued_from`, the id
   * they had there at first, and removes the letters; all in one step and in the order given. For each letter the
   * id of the new entry, or null if the letter was gone. "changed", and nothing done, if letters were dead-lettered after
   * `newest`: they may have to go before these.
   */
  async putBack(
    stream: string,
    letterIds: readonly string[],
    newest: string,
  ): Promise<(string | null)[] | "changed"> {
    if (letterIds.length === 0) return [];
    const entries = await callOnce(this.#redis, "put dead letters back", {
      script: PUT_BACK,
      keys: [this.source.dlq, stream],
      args: [newest, ...letterIds],
    });
    return entries.length === 0 ? "changed" : entries.map((entry) => entry || null);
  }

  /** Removes letters for good; for each whether it was still there. */
  async throwAway(letterIds: readonly string[]): Promise<boolean[]> {
    if (letterIds.length === 0) return [];
    const removed = await callOnce(this.#redis, "throw dead letters away", {
      script: THROW_AWAY,
      keys: [this.source.dlq],
      args: letterIds,
    });
    return removed.map((count) => count === "1");
  }

  async #page(from: string, to: string): Promise<FoundLetter[]> {
    const page = await redisCall(
      "read dead letters",
      () => this.#redis.callBuffer("EVAL", PAGE, 1, this.source.dlq, from, to, PAGE_LETTERS, PAGE_BYTES),
    ) as [Buffer, Buffer[]][];
    return page.map(([id, fields]) => foundLetter(id.toString(), fields, this.source.decode));
  }
}
