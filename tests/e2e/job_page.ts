/**
 * What a reader does with the page of a job, for tests.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import type { WatchedPage } from "./browser.ts";

const STEPS = ["copy", "plugin", "upload", "delete", "cleanup"];
/** Time a test's job gets (ms). */
export const JOB_MS = 180_000;

/** Opens the form and waits until the service's sample stands in it. */
export async function openForm(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.locator("#m-args code").first().waitFor();
}

/** Submits the form with a shell script as the plugin; the page then shows the job. Returns the job's id. */
export async function submitScript(page: Page, url: string, script: string): Promise<string> {
  await openForm(page, url);
  await page.fill("#f-entrypoint", "sh");
  await page.fill("#f-args", `-c '${script.replaceAll("'", `'\\''`)}'`);
  const id = await page.inputValue("#f-job_id");
  await page.click("#run");
  await page.waitForURL((at) => at.searchParams.get("job") === id);
  return id;
}

/** Waits for the connection to come to a state. */
export const connection = (page: Page, state: string) =>
  page.waitForSelector(`#connection[data-state=${state}]`, { timeout: JOB_MS });
/** States of the five steps. */
export const stepStates = (page: Page) =>
  Promise.all(STEPS.map((step) => page.getAttribute(`#step-${step}`, "data-state")));
/** Texts of the log lines that are in the page. */
export const shownLines = (page: Page) => page.locator("#lines .row.line .text").allTextContents();

/** The lines of the chosen tab as the page saves them. */
export async function savedLines(page: Page): Promise<string[]> {
  const coming = page.waitForEvent("download");
  await page.click("#download");
  if (await page.isVisible("#download-shown")) await page.click("#download-shown");
  const text = await Deno.readTextFile(await (await coming).path());
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("--- "));
}

/** The job's whole log, as the service gives it out. */
export async function wholeLog(page: Page): Promise<string> {
  const coming = page.waitForEvent("download");
  await page.click("#download");
  await page.click("#download-whole");
  return await Deno.readTextFile(await (await coming).path());
}

/** Waits until the list on the home view shows a job so. */
export const listed = (page: Page, id: string, tone: string) =>
  page.locator(`#jobs li[data-tone=${tone}]`, { hasText: id }).waitFor({ timeout: JOB_MS });

/** What `seq 1 {count}` writes. */
export const numbers = (count: number) => Array.from({ length: count }, (_, i) => String(i + 1));

/** Nothing went wrong on the page, and nothing jumped. */
export async function assertNoFault({ faults, smoothness }: WatchedPage) {
  assertEquals(faults, []);
  const { layoutShift } = await smoothness();
  assert(layoutShift < 0.05, `content moved by ${layoutShift}`);
}
