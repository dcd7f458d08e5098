/**
 * The web UI in a real browser against the whole running system. Jobs run `sh -c …` in the sample's image, which
 * therefore must have a POSIX shell and `seq`.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { openBrowser, openPage } from "./browser.ts";
import {
  assertNoFault,
  connection,
  JOB_MS,
  numbers,
  openForm,
  savedLines,
  shownLines,
  stepStates,
  submitScript,
} from "./job_page.ts";
import { loadCost } from "./load_cost.ts";
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
        await page.locator("#lines .text", { hasText: /^20$/ }).waitFor({ timeout: JOB_MS });
        await page.reload();
        await page.click("#tab-plugin");
        await page.locator("#lines .text", { hasText: /^21$/ }).waitFor();
        await connection(page, "ended");
        assertEquals(await savedLines(page), numbers(60));
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
      const cost = await loadCost(browser, watched);
      assert(cost.longestCpu < 100, JSON.stringify(cost));
      assert(cost.longestTask < 200 * cost.slowdown, JSON.stringify(cost));
      await assertNoFault(watched);
    });

    await t.step("following stops when the reader scrolls up, and goes on at the button", async () => {
      await using watched = await openPage(browser);
      const { page } = watched;
      await submitScript(page, url, "seq 1 500; for i in $(seq 501 560); do echo $i; sleep 0.1; done");
      await page.click("#tab-plugin");
      await page.locator("#lines .text", { hasText: /^505$/ }).waitFor({ timeout: JOB_MS });
      await page.hover("#lines");
      await page.mouse.wheel(0, -2000);
      await page.locator("#jump", { hasText: /new line/ }).waitFor();
      await page.waitForSelector("#follow[aria-pressed=false]");
      const before = await shownLines(page);
      await page.locator("#jump", { hasText: /[5-9] new lines|\d\d new lines/ }).waitFor();
      assertEquals(await shownLines(page), before);
      await page.click("#jump");
      await page.waitForSelector("#follow[aria-pressed=true]");
      await page.locator("#lines .text", { hasText: /^560$/ }).waitFor({ timeout: JOB_MS });
      await assertNoFault(watched);
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
