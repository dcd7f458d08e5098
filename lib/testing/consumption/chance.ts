/** Numbers in [0, 1) that look like chance and are the same for the same seed (mulberry32). */
function chanceOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Until disposed, `Math.random` follows this seed, so that a run can be repeated. */
export function seededRandom(seed: number): Disposable {
  const random = Math.random;
  Math.random = chanceOf(seed);
  return { [Symbol.dispose]: () => void (Math.random = random) };
}
