import { assertEquals, assertStringIncludes } from "@std/assert";
import { SAMPLE_LINES, sampleFault, sampleJob, sampleSettings } from "./sample.ts";

Deno.test("sampleFault() is content only with a successful workflow and its whole log", () => {
  const good = { workflowStatus: "finishedSuccessfully", error: null, lines: SAMPLE_LINES };
  assertEquals(sampleFault(good), null);
  assertStringIncludes(sampleFault({ ...good, lines: SAMPLE_LINES - 1 }) ?? "", "19 of 20 log lines");
  assertStringIncludes(
    sampleFault({ ...good, workflowStatus: "failed", error: "no image" }) ?? "",
    "failed (no image)",
  );
  assertStringIncludes(sampleFault({ ...good, workflowStatus: "" }) ?? "", "no workflow event arrived");
});

Deno.test("the sample writes as many lines as it is said to, and copies its input", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${dir}/in`);
    await Deno.mkdir(`${dir}/out`);
    await Deno.writeTextFile(`${dir}/in/a.txt`, "content");
    const { entrypoint: [shell = "", ...words], args } = sampleJob("x", "image");
    const { stdout, stderr } = await new Deno.Command(shell, {
      args: [...words, ...args, `${dir}/in`, `${dir}/out`].map((word) =>
        word.replace("sleep 0.2", "sleep 0")
      ),
    }).output();
    const lines = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    assertEquals(lines.trimEnd().split("\n").length, SAMPLE_LINES);
    assertEquals(await Deno.readTextFile(`${dir}/out/a.txt`), "content");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("the web page's form proposes the same sample", async () => {
  const { splitWords } = await import("../../../web/shell_words.js");
  const settings = sampleSettings("image");
  const job = sampleJob("x", "image");
  assertEquals(splitWords(`${settings.SAMPLE_ENTRYPOINT} ${settings.SAMPLE_ARGS}`), [
    ...job.entrypoint,
    ...job.args,
  ]);
});
