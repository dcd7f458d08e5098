// @ts-check
/// <reference no-default-lib="true" />
/// <reference lib="esnext" />
/// <reference lib="dom" />
/**
 * The page of one job: its events go into the state, the state onto the screen, at most once per frame.
 *
 * @module
 */
import { ApiError } from "./api_error.js";
import { copyLink } from "./copy_link.js";
import { byId, setData, setText, spanOf } from "./dom.js";
import { JobStream } from "./event_source.js";
import { FrameLoop } from "./frame_loop.js";
import { JobActions } from "./job_actions.js";
import { NOTHING_KNOWN, withSnapshot, withStatus, withWorkflow } from "./job_state.js";
import { requestsOf } from "./job_story.js";
import { lastAttempt, viewOf } from "./job_view_state.js";
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
/** How often it is looked whether a job that is over goes on. */
const WATCH_OVER_MS = 15_000;
/** Pause before a stream that ended is opened again, as the job goes on. */
const REOPEN_MS = 500;

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
  #api;
  #announce;
  #now;
  #steps = new StepsView((step) => this.#showLogOf(step));
  #statuses = new StatusView();
  #actions;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #reopenSoon;
  #reopenedFor;
  #readAnew;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #askSoon;

  /**
   * @param {string} id
   * @param {object} options
   * @param {Api} options.api
   * @param {(text: string) => void} options.announce
   * @param {(attempt: number) => void} options.readAnew opens the job once more: an attempt has come and gone, of
   *   which a stream that had ended tells nothing
   * @param {number} [options.attempt] for which it was opened once more
   * @param {() => number} [options.now] milliseconds since 1970
   */
  constructor(id, { api, announce, readAnew, attempt = 1, now = Date.now }) {
    this.#readAnew = readAnew;
    this.#reopenedFor = attempt;
    this.id = id;
    this.#api = api;
    this.#announce = announce;
    this.#now = now;
    this.log = new LogView(id, api, this.#stop.signal);
    this.#actions = new JobActions(id, { api, announce, done: () => this.#asked() });
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
    byId("copy-link", HTMLButtonElement).addEventListener("click", () => copyLink(this.id, this.#announce), {
      signal,
    });
    this.#actions.listen(signal);
    document.addEventListener("visibilitychange", () => this.#askWhenOver(), { signal });
    addEventListener("pagehide", () => this.stream.stop(), { signal });
    addEventListener("pageshow", (event) => event.persisted && this.stream.start(), { signal });
    addEventListener("online", () => this.#connection !== "ended" && this.stream.start(), { signal });
    this.log.open();
    this.#loop.soon();
    this.stream.start();
    this.#ask();
    const clock = setInterval(() => this.#loop.soon(), 1000);
    const asking = setInterval(() => this.#askWhileHeld(), ASK_AGAIN_MS);
    const watching = setInterval(() => this.#askWhenOver(), WATCH_OVER_MS);
    signal.addEventListener("abort", () => {
      for (const timer of [clock, asking, watching]) clearInterval(timer);
      clearTimeout(this.#askSoon);
    });
  }

  /** @param {readonly string[]} features what the service offers: `cancel`, `retry`, `download` */
  offer(features) {
    this.#actions.features = features;
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
    this.log.over = state === "ended";
    if (state === "ended") this.#ask();
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
      this.#reopenIfItWentOn();
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) this.#missing = true;
    }
    this.#loop.soon();
  }

  /** A stream that ended is opened again for another attempt: for each once, unless that goes on. */
  #reopenIfItWentOn() {
    const { moves, snapshot } = this.#job;
    if (this.#connection !== "ended" || !snapshot) return;
    const fresh = snapshot.attempt > Math.max(this.#reopenedFor, lastAttempt({ moves, snapshot: null }));
    if (!fresh && snapshot.status !== "running") return;
    this.#reopenedFor = snapshot.attempt;
    if (snapshot.status !== "running") return this.#readAnew(snapshot.attempt);
    this.#reopenSoon ??= setTimeout(() => {
      this.#reopenSoon = undefined;
      if (!this.#stop.signal.aborted) this.stream.start();
    }, REOPEN_MS);
  }

  #show() {
    const view = viewOf(this.#job);
    const unknown = view.tone === "unknown";
    const shown = unknown ? { ...view, ...this.#unknownStory() } : view;
    this.#steps.show(shown, this.#now());
    this.#statuses.show(this.#job.statuses);
    this.#statuses.showRequests(requestsOf(this.#job));
    const pill = byId("connection", HTMLElement);
    setData(pill, "state", this.#connection);
    setText(spanOf(pill), CONNECTION_WORDS[this.#connection]);
    pill.title = this.#problem;
    document.title = unknown ? `${this.id} · ChRIS jobs` : `${view.headline} · ${this.id}`;
    this.#actions.show(view);
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
  #tell(view) {
    const text = `${view.headline}. ${this.#connection === "reconnecting" ? "Reconnecting." : ""}`;
    if (text !== this.#told) this.#announce(text);
    this.#told = text;
  }

  /** Something was asked for: it shows in events, which go on after the job's end if it is retried. */
  async #asked() {
    if (this.#connection === "ended") this.stream.start();
    await this.#ask();
  }

  /** A job that is over may be retried elsewhere. */
  #askWhenOver() {
    if (this.#connection === "ended" && !document.hidden && viewOf(this.#job).tone !== "succeeded") {
      this.#ask();
    }
  }
}
