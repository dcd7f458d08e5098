// @ts-check
/// <reference no-default-lib="true" />
/// <reference lib="esnext" />
/// <reference lib="webworker" />
/**
 * A worker around one EventSource: a fast stream costs thousands of event dispatches a second, which the page's thread
 * is spared. Hands the events on in batches, as text. The first message it gets is the stream's URL.
 *
 * @module
 */

const NAMES = ["status", "logs", "workflow", "gap", "caught-up", "end"];
/** So many events make a batch at once, others wait so long. */
const BATCH = 250;
const WAIT_MS = 15;

/** @type {string[]} name and data, by turns */
let events = [];
let lastId = "";
/** @type {ReturnType<typeof setTimeout> | undefined} */
let waiting;

function flush() {
  clearTimeout(waiting);
  waiting = undefined;
  if (events.length > 0) postMessage({ type: "events", events, lastId });
  events = [];
}

addEventListener("message", (request) => {
  const source = new EventSource(request.data);
  source.addEventListener("open", () => postMessage({ type: "open" }));
  source.addEventListener("error", () => {
    flush();
    postMessage({ type: "error", closed: source.readyState === EventSource.CLOSED });
  });
  for (const name of NAMES) {
    source.addEventListener(name, (event) => {
      events.push(name, event.data);
      if (event.lastEventId) lastId = event.lastEventId;
      if (events.length >= 2 * BATCH) flush();
      else waiting ??= setTimeout(flush, WAIT_MS);
    });
  }
}, { once: true });
