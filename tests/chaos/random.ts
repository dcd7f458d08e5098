/**
 * Chance from a seed: the same seed gives the same numbers.
 *
 * @module
 */

/** A source of chance. Sources made by `fork()` do not influence each other. */
export class Random {
  #state: number;
  readonly #seed: number;

  /** `seed` counts by its 32 lowest bits. */
  constructor(seed: number) {
    this.#seed = seed | 0;
    this.#state = this.#seed;
  }

  /** From 0 (included) to 1 (excluded). */
  next(): number {
    this.#state = (this.#state + STEP) | 0;
    return mixed(this.#state) / 2 ** 32;
  }

  /** A whole number, both ends included. */
  int(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of them. @throws {RangeError} if there is none. */
  pick<T>(items: readonly T[]): T {
    const item = items[this.int(0, items.length - 1)];
    if (items.length === 0 || item === undefined) throw new RangeError("Cannot pick from an empty list");
    return item;
  }

  /** All of them in a random order. */
  shuffle<T>(items: readonly T[]): T[] {
    return items.map((item) => ({ item, key: this.next() })).sort((a, b) => a.key - b.key).map(({ item }) =>
      item
    );
  }

  /** Some of them, at least one, in a random order; none of none. */
  some<T>(items: readonly T[]): T[] {
    return this.shuffle(items).slice(0, this.int(1, Math.max(1, items.length)));
  }

  /** A source of its own, determined by our seed and `name` alone. */
  fork(name: string): Random {
    let hash = this.#seed;
    for (const char of name) hash = mixed((hash ^ (char.codePointAt(0) ?? 0)) + STEP);
    return new Random(hash);
  }
}

/** An odd number near 2^32 divided by the golden ratio: the states visit all 32-bit numbers. */
const STEP = 0x9e3779b9;

/** Spreads the bits of a 32-bit number over all of it (a bijection). */
function mixed(value: number): number {
  let bits = value | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x21f0aaad);
  bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97);
  return (bits ^ (bits >>> 15)) >>> 0;
}
