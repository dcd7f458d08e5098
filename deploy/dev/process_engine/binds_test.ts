import { assertEquals, assertThrows } from "@std/assert";
import { parseBind, pathTranslator } from "./binds.ts";
import { EngineError } from "./engine_error.ts";

const translate = pathTranslator([
  { source: "/host/in", destination: "/share/incoming", mode: "ro" },
  { source: "/host/share/incoming", destination: "/share", mode: "" },
]);

Deno.test("pathTranslator() replaces container paths wherever one begins, the longest first, and only once", () => {
  const cases = {
    "/share/incoming": "/host/in",
    "/share/incoming/": "/host/in/",
    "/share/incoming/a b": "/host/in/a b",
    "/share/other": "/host/share/incoming/other",
    "--in=/share/incoming": "--in=/host/in",
    "-I/share/incoming/x": "-I/host/in/x",
    "cat /share/incoming/a>/share/b; ls '/share/incoming'":
      "cat /host/in/a>/host/share/incoming/b; ls '/host/in'",
    "A=/share/incoming:/share": "A=/host/in:/host/share/incoming",
    "all of /share/incoming.": "all of /host/in.",
  };
  for (const [given, expected] of Object.entries(cases)) assertEquals(translate(given), expected);
});

Deno.test("pathTranslator() leaves alone what only looks like a container path", () => {
  for (
    const text of [
      "/data/share/incoming",
      "./share",
      "x/share",
      "/shared",
      "/share-2",
      "/share.bak",
      "--x/share",
    ]
  ) {
    assertEquals(translate(text), text);
  }
});

Deno.test("parseBind() reads paths and volumes", () => {
  assertEquals(parseBind("/a/b/:/c/:ro", "/volumes"), { source: "/a/b", destination: "/c", mode: "ro" });
  assertEquals(parseBind("data:/c", "/volumes"), {
    source: "/volumes/data",
    destination: "/c",
    mode: "",
    volume: "data",
  });
});

Deno.test("parseBind() refuses what names no two places", () => {
  for (const text of ["", "/a", "/a:c", "/a:/", "../up:/c", "/a:/b:ro:more"]) {
    assertEquals(assertThrows(() => parseBind(text, "/volumes"), EngineError, text).status, 400);
  }
});
