import { assertEquals } from "@std/assert";
import { traceFaults } from "./machine_traces.ts";
import { givenFiles, projectFiles } from "./project.ts";

const folder = ["", "work", "main"].join("/");
const socket = ["", "tmp", "dk", "docker.sock"].join("/");
const host = ["registry", "npmjs", "org"].join(".");

Deno.test("traceFaults() names file and line of each trace", () => {
  const files = givenFiles({
    "a.ts": `const x = 1;\nconst socket = "unix://${socket}";\n`,
    "b.md": `cd ${folder}`,
    "c.json": JSON.stringify({ tarball: `https://${host}/x.tgz` }),
  });
  assertEquals(traceFaults(files).map((fault) => fault.replace(/: .*/, "")), [
    "a.ts:2",
    "b.md:1",
    "c.json:1",
    "c.json:1",
  ]);
});

Deno.test("traceFaults() leaves folders alone that only sound alike", () => {
  const words = [
    "workers/start.ts",
    "/workers/x",
    "/home/runner/work/x",
    "../work/x",
    "/network",
    "framework/",
    "/tmp/dkx",
  ];
  for (const word of words) assertEquals(traceFaults(givenFiles({ "a.ts": `read("${word}");` })), [], word);
});

Deno.test("the project holds no trace of the machine it was written on", async () => {
  assertEquals(traceFaults(await projectFiles()), []);
});
