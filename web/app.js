// @ts-check
/// <reference no-default-lib="true" />
/// <reference lib="esnext" />
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * The page: which view the address asks for, and what belongs to both of them.
 *
 * @module
 */
import { Api } from "./api.js";
import { byId, make, setIcon, setText } from "./dom.js";
import { FormView } from "./form_view.js";
import { JobListView } from "./job_list_view.js";
import { JobView } from "./job_view.js";
import { pressedKey } from "./keyboard.js";
import { askToken } from "./sign_in.js";
import { keepChoice, recentJobs } from "./stored.js";

const root = document.documentElement;
const api = new Api({ fetch: (input, init) => fetch(input, init), askToken });
const config = api.config();
/** @type {JobView | null} */
let view = null;

const form = new FormView({ api, submitted: (jobId) => goTo(`/?job=${encodeURIComponent(jobId)}`) });

const list = new JobListView({ api });

/** @param {string} path */
function goTo(path) {
  history.pushState(null, "", path);
  showAddress();
  scrollTo(0, 0);
  byId("main", HTMLElement).focus({ preventScroll: true });
}

/** Shows what the address asks for. @param {number} [attempt] see `JobView` */
function showAddress(attempt) {
  const jobId = new URLSearchParams(location.search).get("job") ?? "";
  view?.close();
  view = null;
  root.dataset.view = jobId ? "job" : "home";
  list.close();
  if (!jobId) return showHome();
  const opened = new JobView(jobId, { api, announce, readAnew: showAddress, attempt });
  view = opened;
  opened.open();
  config.then(({ features }) => opened.offer(features));
}

function showHome() {
  document.title = "ChRIS jobs";
  list.open();
  const jobs = recentJobs();
  byId("recent-empty", HTMLElement).hidden = jobs.length > 0;
  byId("recent", HTMLElement).replaceChildren(...jobs.map(({ id, image, at }) => {
    const when = Number.isFinite(at)
      ? new Date(at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" })
      : "";
    const link = make("a", { href: `/?job=${encodeURIComponent(id)}` }, [
      make("span", { class: "mono" }, [id]),
      make("small", {}, [[image.split("/").at(-1), when].filter(Boolean).join(" · ")]),
    ]);
    return make("li", {}, [link]);
  }));
}

/** @param {string} text read out by screen readers */
function announce(text) {
  setText(byId("announcer", HTMLElement), text);
}

/** Follows links within the page without loading it anew. */
function followLink(/** @type {MouseEvent} */ event) {
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
  if (!link || !plain || link.target || link.origin !== location.origin || link.pathname !== "/") return;
  if (link.hash && link.search === location.search) return;
  event.preventDefault();
  goTo(link.pathname + link.search + link.hash);
}

function showTheme() {
  const theme = root.dataset.theme ?? "auto";
  const button = byId("theme", HTMLButtonElement);
  setIcon(button, theme);
  const words = { auto: "as the system", light: "light", dark: "dark" }[theme] ?? theme;
  button.title = `Theme: ${words}`;
  button.ariaLabel = `Theme: ${words}. Change`;
}

function changeTheme() {
  const order = ["auto", "light", "dark"];
  root.dataset.theme = order[(order.indexOf(root.dataset.theme ?? "auto") + 1) % order.length];
  keepChoice("theme", root.dataset.theme ?? "auto");
  showTheme();
}

byId("open-job", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  const input = /** @type {HTMLInputElement} */ (byId("open-job", HTMLFormElement).elements.namedItem("job"));
  const jobId = input.value.trim();
  if (jobId === "") return input.focus();
  input.value = "";
  goTo(`/?job=${encodeURIComponent(jobId)}`);
});
byId("theme", HTMLButtonElement).addEventListener("click", changeTheme);
byId("help-button", HTMLButtonElement).addEventListener(
  "click",
  () => byId("help", HTMLDialogElement).showModal(),
);
byId("sign-out", HTMLButtonElement).addEventListener(
  "click",
  () => api.signOut().then(() => location.reload(), (error) => announce(error.message)),
);
document.addEventListener("click", followLink);
document.addEventListener("keydown", (event) => pressedKey(event, view?.log ?? null, list));
addEventListener("popstate", () => {
  const shown = view !== null && new URLSearchParams(location.search).get("job") === view.id;
  if (!shown) showAddress();
});
config.then(({ sample, features }) => {
  form.fill(sample);
  byId("sign-out", HTMLButtonElement).hidden = !features.includes("session");
});
showTheme();
showAddress();
