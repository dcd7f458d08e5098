/**
 * Reads that several clients have in common are made once: whoever asks while an answer is under way, or some time
 * after, gets the same one if it is enough for him. A thousand clients that come back within seconds so cost the stores
 * a few questions for each job. Bounded in bytes.
 *
 * @module
 */
import { sleep } from "lib/run/sleep.ts";

/** An answer that is kept for a while. */
export interface Shareable {
  /** About how much it holds (bytes). */
  readonly bytes: number;
}

interface Read {
  readonly key: string;
  readonly begunAt: number;
  readonly answer: Promise<Shareable>;
  /** What came; null while it is under way. */
  value: Shareable | null;
}

/** How long an answer is kept (ms). */
const KEPT_MS = 10_000;
/** Most that is kept (bytes), but for the newest answer. */
const MAX_BYTES = 16_777_216;
/** The same under one key: whoever reads a long log from its beginning leaves most of it to nobody. */
const MAX_KEY_BYTES = 2_097_152;

/** See the module's description. */
export class SharedReads {
  /** By key, oldest first. */
  readonly #reads = new Map<string, Read[]>();
  readonly #kept = new Set<Read>();
  #bytes = 0;
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * An answer under `key` that is `enough`, or a new one by `read`; all answers under one key are of one type. One that
   * is under way is waited for, once. `agedMs`: how long before this call its reading began; negative if after.
   * `spacingMs`: pause between two reads of which the first was not enough.
   */
  async get<Answer extends Shareable>(
    key: string,
    { enough, read, spacingMs = 0 }: {
      enough: (answer: Answer, agedMs: number) => boolean;
      read: () => Promise<Answer>;
      spacingMs?: number;
    },
  ): Promise<Answer> {
    const asked = this.#now();
    for (let waits = 0;; waits++) {
      this.#forgetOld();
      const reads = this.#reads.get(key) ?? [];
      const known = reads.find(({ value, begunAt }) => value && enough(value as Answer, asked - begunAt));
      if (known) return known.value as Answer;
      const last = reads.at(-1);
      const pause = last ? last.begunAt + spacingMs - this.#now() : 0;
      if (last && !last.value && (spacingMs > 0 || waits === 0)) await last.answer;
      else if (pause > 0) await sleep(pause);
      else return await this.#start(key, read);
    }
  }

  async #start<Answer extends Shareable>(key: string, read: () => Promise<Answer>): Promise<Answer> {
    const answer = read();
    const entry: Read = { key, begunAt: this.#now(), answer, value: null };
    this.#reads.set(key, [...this.#reads.get(key) ?? [], entry]);
    try {
      const value = await answer;
      entry.value = value;
      this.#kept.add(entry);
      this.#bytes += value.bytes;
      this.#forgetMany(key);
      return value;
    } catch (error) {
      this.#forget(entry);
      throw error;
    }
  }

  #forgetOld(): void {
    const now = this.#now();
    for (const read of this.#kept) {
      const fresh = now - read.begunAt < KEPT_MS;
      if (fresh && (this.#bytes <= MAX_BYTES || this.#kept.size === 1)) return;
      this.#forget(read);
    }
  }

  #forgetMany(key: string): void {
    const known = (this.#reads.get(key) ?? []).filter(({ value }) => value);
    let bytes = known.reduce((sum, { value }) => sum + (value?.bytes ?? 0), 0);
    for (const read of known.slice(0, -1)) {
      if (bytes <= MAX_KEY_BYTES) return;
      bytes -= read.value?.bytes ?? 0;
      this.#forget(read);
    }
  }

  #forget(read: Read): void {
    const rest = (this.#reads.get(read.key) ?? []).filter((other) => other !== read);
    if (rest.length > 0) this.#reads.set(read.key, rest);
    else this.#reads.delete(read.key);
    if (this.#kept.delete(read)) this.#bytes -= read.value?.bytes ?? 0;
  }
}
