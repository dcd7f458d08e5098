// @ts-check
/**
 * How much a page may hold on a device.
 *
 * @param {unknown} memory of the device in GiB, if the browser tells
 * @returns {{ maxLines: number, maxBytes: number }}
 */
export function roomFor(memory) {
  const share = typeof memory === "number" ? Math.min(1, memory / 4) : 1;
  return { maxLines: Math.round(1_000_000 * share), maxBytes: Math.round(2 ** 27 * share) };
}
