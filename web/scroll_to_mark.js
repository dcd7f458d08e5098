// @ts-check
/// <reference no-default-lib="true" />
/// <reference lib="esnext" />
/// <reference lib="dom" />
/**
 * Scrolls a list of lines sideways to what is marked in one of them.
 *
 * @param {HTMLElement} list
 * @param {HTMLElement | undefined} row
 */
export function scrollToMark(list, row) {
  const hit = row?.querySelector("mark");
  if (!hit) return;
  const box = list.getBoundingClientRect();
  const { left, right } = hit.getBoundingClientRect();
  if (left < box.left + 120 || right > box.right - 20) list.scrollLeft += left - box.left - box.width / 3;
}
