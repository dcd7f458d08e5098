// @ts-check
/// <reference no-default-lib="true" />
/// <reference lib="esnext" />
/// <reference lib="dom" />
/**
 * The page of one job: its events go into the state, the state onto the screen, at most once per frame.
 *
 * @module
 */
import { ApiError } from "./api.js";
import { byId, setData, setText } from "./dom.js";
import { JobStream } from "./event_source.js";
import { FrameLoop } from "./frame_loop.js";
import { NOTHING_KNOWN, withSnapshot, withStatus, withWorkflow } from "./job_state.js";
import { viewOf } from "./job_view_state.js";
import { copyText } from "./log_export.js";
import { LogView } from "./log_view.js";
import { StatusView } from "./status_view.js";
import { StepsView } from "./steps_view.js";
import { keepRecentJob } from "./stored.js";
/** @import { Api } from "./api.js" */
/** @import { ConnectionState } from "./event_source.js" */
/** @import { JobView as View } from "./job_view_state.js" */

const CONNECTION_WORDS = {
  connecting: "Connecting",
  history: "Loading",
  live: "Live",
  reconnecting: "Reconnecting",
  ended: "Ended",
  refused: "Refused",
};
const ASK_AGAIN_MS = 5000;

/** Shows one job until it is closed. */
export class JobView {
  #stop = new AbortController();
  #job = NOTHING_KNOWN;
  /** @type {ConnectionState} */
  #connection = "connecting";
  #problem = "";
  /** Whether the service knows no job of this id. */
  #missing = false;
  #loop = new FrameLoop(() => this.#show(), this.#stop.signal);
  #told = "";
  #imageKept = false;
  /** @type {readonly string[]} */
  #features = [];
  #api;
  #announce;
  #now;
  #steps = new StepsView((step) => this.#showLogOf(step));
  #statuses = new StatusView();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #askSoon;

  /**
   * @param {string} id
   * @param {object} options
   * @param {Api} options.api
   * @param {(text: string) => void} options.announce
   * @param {() => number} [options.now] milliseconds since 1970
   */
  constructor(id, { api, announce, now = Date.now }) {
    this.id = id;
    this.#api = api;
    this.#announce = announce;
    this.#now = now;
    this.log = new LogView(id, this.#stop.signal);
    this.stream = new JobStream(id, {
      onEvent: (name, data) => this.#receive(name, data),
      onState: (state, why) => this.#connected(state, why),
      probe: (url) => api.probe(url),
    });
  }

  open() {
    const { signal } = this.#stop;
    const id = byId("job-id", HTMLElement);
    setText(id, this.id);
    id.title = this.id;
    keepRecentJob({ id: this.id, image: "", at: this.#now() });
    byId("copy-link", HTMLButtonElement).addEventListener("click", () => this.#copyLink(), { signal });
    for (const action of /** @type {const} */ (["cancel", "retry"])) {
      byId(action, HTMLButtonElement).addEventListener("click", () => this.#act(action), { signal });
    }
    addEventListener("pagehide", () => this.stream.stop(), { signal });
    addEventListener("pageshow", (event) => event.persisted && this.stream.start(), { signal });
    addEventListener("online", () => this.#connection !== "ended" && this.stream.start(), { signal });
    this.log.open();
    this.#loop.soon();
    this.stream.start();
    this.#ask();
    const clock = setInterval(() => this.#loop.soon(), 1000);
    const asking = setInterval(() => this.#askWhileHeld(), ASK_AGAIN_MS);
    signal.addEventListener("abort", () => {
      clearInterval(clock);
      clearInterval(asking);
      clearTimeout(this.#askSoon);
    });
  }

  /** @param {readonly string[]} features what the service offers: `cancel`, `retry`, `download` */
  offer(features) {
    this.#features = features;
    this.log.actions.wholeOffered = features.includes("download");
    this.#loop.soon();
  }

  close() {
    this.stream.stop();
    this.#stop.abort();
  }

  /**
   * @param {string} name
   * @param {Record<string, unknown>} data
   */
  #receive(name, data) {
    if (name === "logs") this.log.feed.log(data);
    else if (name === "gap") this.log.feed.gap(data);
    else if (name === "status") this.#job = withStatus(this.#job, data);
    else {
      this.#job = withWorkflow(this.#job, data);
      this.#askSoon ??= setTimeout(() => this.#ask(), 300);
    }
    if (name === "logs" || name === "gap") this.log.refresh();
    else this.#loop.soon();
  }

  /**
   * @param {ConnectionState} state
   * @param {string} why
   */
  #connected(state, why) {
    this.#connection = state;
    this.#problem = why;
    if (state === "ended") this.log.end();
    this.#loop.soon();
  }

  #askWhileHeld() {
    const { over, steps } = viewOf(this.#job);
    const late = steps.slice(3).some((step) => step.state === "running") || this.#job.held !== null;
    if (!over && late) this.#ask();
  }

  /** Asks for what no event tells: why a workflow is held. */
  async #ask() {
    clearTimeout(this.#askSoon);
    this.#askSoon = undefined;
    try {
      const answer = await this.#api.workflow(this.id);
      if (this.#stop.signal.aborted) return;
      this.#missing = false;
      this.#job = withSnapshot(this.#job, answer);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) {
        this.#missing = true;
      }
    }
    this.#loop.soon();
  }

  #show() {
    const view = viewOf(this.#job);
    const unknown = view.tone === "unknown";
    const shown = unknown ? { ...view, ...this.#unknownStory() } : view;
    this.#steps.show(shown, this.#now());
    this.#statuses.show(this.#job.statuses);
    const pill = byId("connection", HTMLElement);
    setData(pill, "state", this.#connection);
    setText(pill.querySelector("span") ?? pill, CONNECTION_WORDS[this.#connection]);
    pill.title = this.#problem;
    document.title = unknown ? `${this.id} · ChRIS jobs` : `${view.headline} · ${this.id}`;
    this.#offerActions(view);
    if (this.#connection !== "connecting" && this.#connection !== "history") this.#tell(shown);
    const image = this.#job.statuses.find((row) => row.step === "plugin" && row.image)?.image;
    if (image && !this.#imageKept) {
      this.#imageKept = true;
      keepRecentJob({ id: this.id, image, at: this.#now() });
    }
  }

  /** What is said of a job of which nothing is known. */
  #unknownStory() {
    if (this.#problem) return { headline: this.#problem };
    if (!this.#missing) return {};
    return { headline: "There is no job with this id", detail: "Once it is submitted, it shows up here." };
  }

  /** Shows the end of a step's log, where the reason of a failure stands. @param {string} step */
  #showLogOf(step) {
    if (step === "cleanup") return;
    this.log.selectStep(step);
    this.log.toEnd();
  }

  /** @param {View} view */
  #offerActions(view) {
    const canCancel = this.#features.includes("cancel") && !view.over && view.tone !== "unknown";
    const canRetry = this.#features.includes("retry") && (view.over && view.tone !== "succeeded");
    byId("cancel", HTMLButtonElement).hidden = !canCancel;
    byId("retry", HTMLButtonElement).hidden = !canRetry;
  }

  /** @param {View} view */
  #tell(view) {
    const text = `${view.headline}. ${this.#connection === "reconnecting" ? "Reconnecting." : ""}`;
    if (text !== this.#told) this.#announce(text);
    this.#told = text;
  }

  /** @param {"cancel" | "retry"} action */
  async #act(action) {
    const button = byId(action, HTMLButtonElement);
    button.disabled = true;
    try {
      await this.#api.act(this.id, action);
      if (action === "retry") this.stream.start();
      await this.#ask();
    } catch (error) {
      this.#announce(`Could not ${action}: ${error instanceof Error ? error.message : error}`);
      setText(
        byId("detail", HTMLElement),
        `Could not ${action}: ${error instanceof Error ? error.message : error}`,
      );
    } finally {
      button.disabled = false;
    }
  }

  async #copyLink() {
    const link = new URL(`/?job=${encodeURIComponent(this.id)}`, location.href).href;
    const said = await copyText(link).then(() => "Link copied", () => "The browser does not allow copying");
    this.#announce(said);
    const button = byId("copy-link", HTMLButtonElement);
    button.dataset.done = said;
    setTimeout(() => delete button.dataset.done, 1500);
  }
}
