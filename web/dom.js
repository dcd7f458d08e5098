// @ts-check
/// <reference no-default-lib="true" />
/// <reference lib="esnext" />
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * Elements by id with their type checked, and elements made. Text enters the page through `textContent` only.
 *
 * @module
 */
import { visibleText } from "./visible_text.js";

/**
 * The element with this id.
 *
 * @template {typeof HTMLElement} T
 * @param {string} id
 * @param {T} type
 * @returns {InstanceType<T>}
 * @throws {TypeError} if the page has none of this type
 */
export function byId(id, type) {
  const element = document.getElementById(id);
  if (!(element instanceof type)) {
    throw new TypeError(`Cannot use #${id} as ${type.name}: the page has no such element`);
  }
  return /** @type {InstanceType<T>} */ (element);
}

/**
 * A new element.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string>} [attributes] `class` and others, no event handlers
 * @param {readonly (Node | string)[]} [children] strings become text
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, attributes = {}, children = []) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/**
 * An icon of the page's sprite.
 *
 * @param {string} name
 */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "i");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/**
 * Shows another icon where one is.
 *
 * @param {Element} holder
 * @param {string} name
 */
export function setIcon(holder, name) {
  const use = holder.querySelector("use");
  if (use?.getAttribute("href") !== `#i-${name}`) use?.setAttribute("href", `#i-${name}`);
}

/**
 * The span within an element that holds its words beside an icon.
 *
 * @param {Element} element
 * @returns {Element} the element itself if it has none
 */
export function spanOf(element) {
  return element.querySelector("span") ?? element;
}

/**
 * Sets text only where it changes, so that nothing is laid out (or read out) in vain. What a reader could not see or
 * would be misled by is written out, as in the log.
 *
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  const shown = visibleText(text.replaceAll("\n", " "));
  if (element.textContent !== shown) element.textContent = shown;
}

/**
 * Sets a data attribute only where it changes.
 *
 * @param {HTMLElement} element
 * @param {string} name
 * @param {string} value
 */
export function setData(element, name, value) {
  if (element.dataset[name] !== value) element.dataset[name] = value;
}
