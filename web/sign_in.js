// @ts-check
/// <reference no-default-lib="true" />
/// <reference lib="esnext" />
/// <reference lib="dom" />
/**
 * The dialog that asks for an access token.
 *
 * @module
 */
import { byId, setText } from "./dom.js";

/**
 * Asks until a token is given; a dialog that is merely closed comes back.
 *
 * @param {string} fault what was wrong with the last token
 * @returns {Promise<string>}
 */
export function askToken(fault) {
  const dialog = byId("sign-in", HTMLDialogElement);
  const input = byId("token", HTMLInputElement);
  setText(byId("m-token", HTMLElement), fault);
  input.value = "";
  dialog.showModal();
  return new Promise((resolve) => {
    const closed = () => {
      const token = input.value.trim();
      input.value = "";
      if (token === "") return dialog.showModal();
      dialog.removeEventListener("close", closed);
      resolve(token);
    };
    dialog.addEventListener("close", closed);
  });
}
