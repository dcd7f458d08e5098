import { assertEquals, assertThrows } from "@std/assert";
import { jobFile, jobRequest } from "./job_request.ts";

Deno.test("jobRequest() splits words as a shell does, and leaves those after the dashes as they are", () => {
  const values = {
    image: "i",
    entrypoint: ["python 'my app.py'"],
    args: ["--a 'b c'", '--d "e f"'],
    env: ["A=b c"],
    "input-dirs": ["x", "y"],
    "memory-limit": "512",
  };
  assertEquals(jobRequest(values, ["g h", "--i"]), {
    image: "i",
    entrypoint: ["python", "my app.py"],
    args: ["--a", "b c", "--d", "e f", "g h", "--i"],
    env: ["A=b c"],
    input_dirs: ["x", "y"],
    memory_limit: 512,
  });
  assertEquals(jobRequest({}, []), {});
  assertThrows(() => jobRequest({ type: "xs" }, []), RangeError, "expected ds, fs, ts");
});

Deno.test("jobFile() reads parameters with or without an id, and says which file is none", () => {
  assertEquals(jobFile('{"job_id":"j","image":"i"}', "f"), { jobId: "j", params: { image: "i" } });
  assertEquals(jobFile("{}", "f"), { jobId: undefined, params: {} });
  for (const text of ["", "[]", "null", '"x"', '{"job_id":1}']) {
    assertThrows(() => jobFile(text, "my.json"), RangeError, "my.json");
  }
});
