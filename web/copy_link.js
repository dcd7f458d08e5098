// @ts-check
/// <reference no-default-lib="true" />
/// <reference lib="esnext" />
/// <reference lib="dom" />
import { byId } from "./dom.js";
import { copyText } from "./log_export.js";

/**
 * Puts the link to a job on the clipboard, and says so.
 *
 * @param {string} jobId
 * @param {(text: string) => void} announce
 */
export async function copyLink(jobId, announce) {
  const link = new URL(`/?job=${encodeURIComponent(jobId)}`, location.href).href;
  const said = await copyText(link).then(() => "Link copied", () => "The browser does not allow copying");
  announce(said);
  const button = byId("copy-link", HTMLButtonElement);
  button.dataset.done = said;
  setTimeout(() => delete button.dataset.done, 1500);
}
