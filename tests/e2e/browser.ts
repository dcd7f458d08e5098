/**
 * A browser for tests, and pages that note what must never happen: console errors, long tasks, layout shifts.
 *
 * @module
 */
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** How long a busy machine may take for what comes at once on an idle one (ms). */
const PATIENCE_MS = 120_000;

/** Starts Chromium: the one that `CHROMIUM` names, else the system's. */
export async function openBrowser(): Promise<Browser & AsyncDisposable> {
  const executablePath = Deno.env.get("CHROMIUM") ?? "/usr/bin/chromium";
  const browser = await chromium.launch({ executablePath, headless: true, args: ARGS, timeout: PATIENCE_MS });
  return Object.assign(browser, { [Symbol.asyncDispose]: () => browser.close() });
}

/** A page under observation; closing it closes its context. */
export interface WatchedPage extends AsyncDisposable {
  readonly page: Page;
  /** Console errors, uncaught errors and failed requests so far. */
  readonly faults: readonly string[];
  /** Longest task (ms) and sum of layout shifts since the last navigation. */
  readonly smoothness: () => Promise<{ longestTask: number; layoutShift: number }>;
}

/** Opens a page of its own context. */
export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 860 },
    acceptDownloads: true,
    ...options,
  });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") faults.push(`${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => faults.push(String(error)));
  await page.addInitScript(observeSmoothness);
  return {
    page,
    faults,
    smoothness: () => page.evaluate(() => Reflect.get(globalThis, "smoothness")),
    [Symbol.asyncDispose]: () => context.close(),
  };
}

/** Runs in the page. */
function observeSmoothness() {
  const seen = { longestTask: 0, layoutShift: 0 };
  Reflect.set(globalThis, "smoothness", seen);
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) seen.longestTask = Math.max(seen.longestTask, duration);
  }).observe({ type: "longtask", buffered: true });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (!Reflect.get(entry, "hadRecentInput")) seen.layoutShift += Number(Reflect.get(entry, "value"));
    }
  }).observe({ type: "layout-shift", buffered: true });
}
