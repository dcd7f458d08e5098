/**
 * The web UI in a real browser against the whole running system. Jobs run `sh -c …` in the sample's image, which
 * therefore must have a POSIX shell and `seq`.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { until } from "lib/testing/until.ts";
import { openBrowser, openPage } from "./browser.ts";
import {
  assertNoFault,
  connection,
  JOB_MS,
  listed,
  numbers,
  openForm,
  savedLines,
  shownLines,
  stepStates,
  submitScript,
  wholeLog,
} from "./job_page.ts";
import { type LoadCost, loadCost } from "./load_cost.ts";
import { startSystem } from "./system.ts";

Deno.test({
  name: "the web UI",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async (t) => {
    await using system = await startSystem();
    await using browser = await openBrowser();
    const { url } = system;

    await t.step("the sample job, submitted as the form proposes it, is shown to its end", async () => {
      await using watched = await openPage(browser);
      const { page } = watched;
      await openForm(page, url);
      const id = await page.inputValue("#f-job_id");
      await page.click("#run");
      await connection(page, "ended");
      assertEquals(new URL(page.url()).search, `?job=${id}`);
      for (const state of await stepStates(page)) assert(state === "done" || state === "skipped", `${state}`);
      assertEquals(await page.getAttribute("#step-plugin", "data-state"), "done");
      assertEquals(await page.textContent("#headline"), "Succeeded");
      assertMatch(await page.textContent("#step-plugin .took") ?? "", /\d s$/);
      assert(await page.locator("#events .confirmed", { hasText: "✓" }).count() > 0);
      await assertNoFault(watched);
      await page.goto(url);
      assertStringIncludes(await page.textContent("#recent li:first-child") ?? "", id);
    });

    await t.step(
      "log lines are shown in their order, and a reload in mid-job goes on with all of them",
      async () => {
        await using watched = await openPage(browser);
        const { page } = watched;
        await submitScript(page, url, "for i in $(seq 1 60); do echo $i; sleep 0.1; done");
        await page.click("#tab-plugin");
        // Of lines that come at once, only the newest are ever in the page.
        await page.locator("#lines .text", { hasText: /^([2-5]\d|60)$/ }).first().waitFor({
          timeout: JOB_MS,
        });
        await page.reload();
        await page.click("#tab-plugin");
        await page.locator("#lines .text", { hasText: /^(2[1-9]|[3-5]\d|60)$/ }).first().waitFor();
        await connection(page, "ended");
        assertEquals(await savedLines(page), numbers(60));
        await page.locator("#lines .text", { hasText: /^60$/ }).waitFor();
        const shown = (await shownLines(page)).map(Number);
        assertEquals(shown, [...shown].sort((a, b) => a - b));
        assertEquals(shown.at(-1), 60);
        await assertNoFault(watched);
      },
    );

    await t.step("a failing job says why, in the verdict, at its step and in the events", async () => {
      await using watched = await openPage(browser);
      const { page } = watched;
      await submitScript(page, url, "echo about to fail; echo no such volume >&2; exit 3");
      await connection(page, "ended");
      assertMatch(await page.textContent("#headline") ?? "", /^Failed: plugin .*exited with code 3/);
      assertEquals(await page.getAttribute("#verdict", "data-tone"), "failed");
      assertEquals(await page.textContent("#step-plugin .state"), "exit 3");
      assertEquals(await page.getAttribute("#step-upload", "data-state"), "skipped");
      assertStringIncludes(await page.textContent("#events .why") ?? "", "exited with code 3");
      await assertNoFault(watched);
    });

    await t.step("a permalink opens the line's step and marks the line", async () => {
      await using watched = await openPage(browser);
      const { page } = watched;
      const id = await submitScript(page, url, "seq 1 5000");
      await connection(page, "ended");
      await using linked = await openPage(browser);
      await linked.page.goto(`${url}/?job=${id}#plugin-2500`);
      await linked.page.locator("#lines .row.target .text", { hasText: /^2500$/ }).waitFor();
      assertEquals(await linked.page.getAttribute("#tab-plugin", "aria-selected"), "true");
      await assertNoFault(linked);
    });

    await t.step("100,000 lines keep the page responsive, and all of them can be reached", async () => {
      await using watched = await openPage(browser);
      const { page } = watched;
      await submitScript(page, url, "seq 1 100000");
      await page.click("#tab-plugin");
      await connection(page, "ended");
      await page.focus("#lines");
      await page.keyboard.press("g");
      await page.locator("#lines .text", { hasText: /^1$/ }).waitFor();
      await page.keyboard.press("G");
      await page.locator("#lines .text", { hasText: /^100000$/ }).waitFor();
      await page.keyboard.press("/");
      await page.keyboard.type("9999");
      await page.locator("#found", { hasText: "of 19" }).waitFor();
      await page.click("#wrap");
      await page.keyboard.press("g");
      assertEquals(await page.textContent("#log-count"), "100,000 lines");
      assert(await page.locator("#lines .row").count() < 200);
      assertEquals(await savedLines(page), numbers(100_000));
      // Whatever else the machine does can only add to the cost: the cheapest of some loads tells the page's own.
      let cost = await loadCost(browser, watched);
      for (let again = 4; again > 0 && !isSmooth(cost); again--) cost = await loadCost(browser, watched);
      assert(isSmooth(cost), JSON.stringify(cost));
      await assertNoFault(watched);
    });

    await t.step("following stops when the reader scrolls up, and goes on at the button", async () => {
      await using watched = await openPage(browser);
      const { page } = watched;
      const id = await submitScript(
        page,
        url,
        "seq 1 500; for i in $(seq 501 9999); do echo $i; sleep 0.1; done",
      );
      await page.click("#tab-plugin");
      await page.locator("#lines .text", { hasText: /^(50[1-9]|5[1-9]\d|[6-9]\d\d)$/ }).first()
        .waitFor({ timeout: JOB_MS });
      await page.hover("#lines");
      const isAtTop =
        "new Promise((tell) => requestAnimationFrame(() => tell(document.querySelector('#lines').scrollTop === 0)))";
      await until("scrolled to the top", async () => { // a line that came in the middle may have ended the scrolling
        await page.mouse.wheel(0, -2000);
        return await page.evaluate<boolean>(isAtTop);
      });
      await page.waitForSelector("#follow[aria-pressed=false]");
      await page.locator("#jump", { hasText: /new line/ }).waitFor();
      const newLines = async () => Number((await page.textContent("#jump") ?? "").replace(/\D/g, ""));
      const [before, told] = [await shownLines(page), await newLines()];
      await until("told of more", async () => await newLines() >= told + 5);
      assertEquals(await shownLines(page), before);
      await page.click("#jump");
      await page.waitForSelector("#follow[aria-pressed=true]");
      const newest = async () => Number((await shownLines(page)).at(-1));
      const reached = await until("at the end", async () => await newest() > 500 + told && await newest());
      await until("going on", async () => await newest() > reached);
      await assertNoFault(watched);
      await (await fetch(`${url}/api/jobs/${id}/cancel`, { method: "POST" })).body?.cancel();
    });

    await t.step("the keyboard reaches search, following, both ends and the help", async () => {
      await using watched = await openPage(browser);
      const { page } = watched;
      await submitScript(page, url, "seq 1 1000");
      await connection(page, "ended");
      await page.keyboard.press("/");
      assertEquals(await page.evaluate("document.activeElement?.id"), "query");
      await page.keyboard.type("77");
      await page.keyboard.press("Enter");
      await page.locator("#lines .row.current mark").first().waitFor();
      await page.keyboard.press("Escape");
      assertEquals(await page.inputValue("#query"), "");
      await page.keyboard.press("f");
      await page.waitForSelector("#follow[aria-pressed=true]");
      await page.keyboard.press("f");
      await page.waitForSelector("#follow[aria-pressed=false]");
      await page.keyboard.press("?");
      await page.locator("#help[open]").waitFor();
      await page.keyboard.press("Escape");
      await page.locator("#help[open]").waitFor({ state: "detached" });
      await assertNoFault(watched);
    });

    await t.step("G13 hostile log text is shown and does nothing", async () => {
      await using watched = await openPage(browser);
      const { page } = watched;
      const script = [
        `echo "<img src=x onerror=hacked=1><script>hacked=1</script>"`,
        String.raw`printf "\033]0;owned\007title \033[2J\033[31mred\033[0m\n"`,
        String.raw`printf "invoice\342\200\256fdp.exe\n"`,
        String.raw`printf " 1%%\r100%%\n"`,
      ].join("; ");
      await submitScript(page, url, script);
      await page.click("#tab-plugin");
      await connection(page, "ended");
      assertEquals((await shownLines(page)).slice(0, 4), [
        "<img src=x onerror=hacked=1><script>hacked=1</script>",
        "^[title red",
        "invoiceU+202Efdp.exe",
        "100%↻ 1",
      ]);
      assertEquals(await page.evaluate(() => Reflect.get(globalThis, "hacked")), undefined);
      assertEquals(await page.locator("#lines img, #lines script").count(), 0);
      assertEquals(await page.evaluate(`document.body.innerHTML.includes("\\u202e")`), false);
      assertEquals(await page.locator("#lines .s.fg", { hasText: "red" }).count(), 1);
      await assertNoFault(watched);
    });

    await t.step("a running job is cancelled by its button, cleaned up, and says why", async () => {
      await using watched = await openPage(browser);
      await using list = await openPage(browser);
      const { page } = watched;
      const id = await submitScript(page, url, "echo begun; sleep 60");
      await page.locator("#lines .row.plugin .text", { hasText: /^begun$/ }).waitFor({ timeout: JOB_MS });
      await list.page.goto(url);
      await listed(list.page, id, "running");
      await page.click("#cancel");
      await page.click("#cancel-no");
      assertEquals(await page.getAttribute("#verdict", "data-tone"), "running");
      await page.click("#cancel");
      await page.keyboard.type("<i>wrong</i> input");
      await page.keyboard.press("Enter");
      await connection(page, "ended");
      assertEquals(await page.textContent("#headline"), "Cancelled: <i>wrong</i> input");
      assertEquals(await stepStates(page), ["done", "stopped", "skipped", "done", "done"]);
      assertEquals(await page.textContent("#events .request td:last-child"), "Cancelled: <i>wrong</i> input");
      assertEquals(await page.isVisible("#cancel"), false);
      await listed(list.page, id, "cancelled");
      await assertNoFault(watched);
      await assertNoFault(list);
    });

    await t.step("a failed job is retried by its button, and both attempts can be read", async () => {
      await using watched = await openPage(browser);
      const { page } = watched;
      const id = await submitScript(page, url, "echo this attempt; exit 3");
      await connection(page, "ended");
      await using other = await openPage(browser);
      await other.page.goto(`${url}/?job=${id}#plugin-1.2`);
      await connection(other.page, "ended");
      await page.click("#retry");
      await page.locator("#total-of", { hasText: "attempt 2" }).waitFor();
      await page.waitForSelector("#verdict[data-tone=failed] :text('Failed:')", { timeout: JOB_MS });
      await connection(page, "ended");
      await page.click("#tab-plugin");
      await page.locator("#lines .row.run").waitFor();
      assertEquals(await shownLines(page), ["this attempt", "this attempt"]);
      assertEquals(await stepStates(page), ["done", "failed", "skipped", "done", "done"]);
      assertMatch(await page.textContent("#events .request td:last-child") ?? "", /^Attempt 2, retried/);
      await other.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
      await other.page.locator("#lines .row.target .text", { hasText: /^this attempt$/ }).waitFor({
        timeout: JOB_MS,
      });
      await assertNoFault(watched);
    });

    await t.step("the whole log is saved as it was written", async () => {
      await using watched = await openPage(browser);
      const { page } = watched;
      await submitScript(page, url, String.raw`printf " a \033[31mred\033[0m\r\n\nlast"`);
      await connection(page, "ended");
      assertStringIncludes(await wholeLog(page), " a \x1b[31mred\x1b[0m\r\n\nlast\n");
      await assertNoFault(watched);
    });

    await t.step("a search of the whole log reaches lines that the page does not hold", async () => {
      await using watched = await openPage(browser);
      const { page } = watched;
      await page.addInitScript(() => Object.defineProperty(navigator, "deviceMemory", { value: 0.04 }));
      await submitScript(page, url, "seq 1 30000");
      await connection(page, "ended");
      await page.locator("#log-count", { hasText: "only in the download" }).waitFor();
      await page.keyboard.press("/");
      await page.keyboard.type("29999");
      await page.keyboard.press("Control+Enter");
      await page.locator("#hits-title", { hasText: /^1 line in the whole log$/ }).waitFor();
      await page.click("#hit-list button");
      await page.locator("#lines .row.target .text", { hasText: /^29999$/ }).waitFor();
      await page.fill("#query", "112");
      await page.click("#everywhere");
      await page.locator("#hit-list .text", { hasText: /^112$/ }).click();
      const held = page.locator("#excerpt-lines .row.target .text", { hasText: /^112$/ });
      await held.waitFor();
      await page.click("#excerpt-earlier");
      await page.locator("#excerpt-lines .text", { hasText: /^1$/ }).waitFor();
      await assertNoFault(watched);
    });

    await t.step(
      "G13 the list of jobs finds by state and text, keeps still, and takes any text",
      async () => {
        await using watched = await openPage(browser);
        const { page } = watched;
        const id = await submitScript(page, url, "exit 4");
        await connection(page, "ended");
        await page.goto(url);
        await listed(page, id, "failed");
        await page.click("#job-filters [data-status=cancelled]");
        await page.locator("#jobs li", { hasText: id }).waitFor({ state: "detached" });
        assertEquals(new URL(page.url()).search, "?status=cancelled");
        await page.click("#job-filters [data-status=failed]");
        await page.fill("#job-query", id.toUpperCase());
        await page.locator("#jobs li:only-child").waitFor();
        await page.reload();
        await listed(page, id, "failed");
        assertEquals(await page.inputValue("#job-query"), id.toUpperCase());
        await page.fill("#job-query", `<img src=x onerror=hacked=1>%_\\'"&#`);
        await page.locator("#jobs-message", { hasText: "No such job." }).waitFor();
        await page.click("#job-filters [data-status=all]");
        await page.fill("#job-query", "");
        await listed(page, id, "failed");
        const first = await page.textContent("#jobs li:first-child .id");
        await using maker = await openPage(browser);
        const made = await submitScript(maker.page, url, "true");
        await page.locator("#jobs-fresh", { hasText: "1 new job" }).waitFor();
        assertEquals(await page.textContent("#jobs li:first-child .id"), first);
        await page.click("#jobs-fresh");
        await page.locator("#jobs li:first-child .id", { hasText: made }).waitFor();
        assertEquals(await page.evaluate(() => Reflect.get(globalThis, "hacked")), undefined);
        await assertNoFault(watched);
      },
    );

    await t.step("what the service refuses is said beside the field", async () => {
      await using watched = await openPage(browser);
      const { page } = watched;
      await page.goto(url);
      await page.fill("#f-job_id", "deadbeef");
      await page.fill("#f-args", `"open`);
      await page.click("#run");
      assertStringIncludes(await page.textContent("#m-job_id") ?? "", "container id");
      assertStringIncludes(await page.textContent("#m-args") ?? "", "not closed");
      assertEquals(await page.getAttribute("#f-job_id", "aria-invalid"), "true");
      assertEquals(new URL(page.url()).search, "");
      await assertNoFault(watched);
    });

    await t.step("light and dark follow the system until the reader chooses", async () => {
      await using watched = await openPage(browser, { colorScheme: "dark" });
      const { page } = watched;
      const brightness = () =>
        page.evaluate<number>("parseInt(getComputedStyle(document.body).backgroundColor.slice(4))");
      await page.goto(url);
      assert(await brightness() < 60);
      await page.click("#theme");
      assert(await brightness() > 200);
      await page.reload();
      assert(await brightness() > 200);
      await assertNoFault(watched);
    });

    await t.step("a window of 360 pixels shows everything without scrolling sideways", async () => {
      await using watched = await openPage(browser, { viewport: { width: 360, height: 740 } });
      const { page } = watched;
      await submitScript(page, url, `echo ${"word ".repeat(60)}`);
      await connection(page, "ended");
      assertEquals(await page.evaluate("document.documentElement.scrollWidth"), 360);
      const sideways =
        "(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector('#lines'))";
      assertEquals(await page.evaluate(sideways), 0);
      await assertNoFault(watched);
    });
  },
});

/** Whether no task of a load would have been felt, by processor time and, as slow as the machine was, on the clock. */
function isSmooth({ longestCpu, longestTask, slowdown }: LoadCost): boolean {
  return longestCpu < 100 && longestTask < 200 * slowdown;
}
