import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { inputDirs, JobParams, outputDir } from "./job_params.ts";

const least = { image: "ghcr.io/fnndsc/pl-tool:1.2@sha256:0f", entrypoint: ["tool"] };

/** What is said against a body, by field. */
function faults(body: unknown): Record<string, string> {
  const { success, error } = JobParams.safeParse(body);
  if (success) return {};
  return Object.fromEntries(error.issues.map(({ path, message }) => [path.join("."), message]));
}

Deno.test("JobParams fills in the reference's defaults", () => {
  assertEquals(JobParams.parse(least), {
    ...least,
    type: "ds",
    args: [],
    input_dirs: "",
    output_dir: "",
    cpu_limit: 1000,
    memory_limit: 300,
    gpu_limit: 0,
    number_of_workers: 1,
    env: [],
    auid: "cube",
  });
});

Deno.test("JobParams keeps what is given as it is", () => {
  const body = {
    ...least,
    entrypoint: ["sh", "-c", "echo 'ü' | tr a b\n"],
    type: "fs" as const,
    args: ["--x", "", "a,b & c=d 😀"],
    input_dirs: ["home/a b", "/home/..hidden/c"],
    output_dir: "home/out/",
    cpu_limit: 1,
    memory_limit: 1,
    gpu_limit: 2,
    number_of_workers: 3,
    env: ["A=", "B=1=2\n3"],
    auid: "",
  };
  assertEquals(JobParams.parse(body), body);
});

Deno.test("JobParams names every fault at once", () => {
  assertEquals(faults({}), {
    image: "expected the name of a container image",
    entrypoint: "expected a list with at least the program's name",
  });
  const found = faults({
    image: "two words",
    entrypoint: ["", 3],
    type: "xs",
    args: "one",
    input_dirs: 7,
    output_dir: "a/../b",
    cpu_limit: 0,
    memory_limit: 1.5,
    gpu_limit: -1,
    number_of_workers: "1",
    env: ["A=1", "=x", "B"],
    auid: null,
    colour: "red",
  });
  assertEquals(Object.keys(found).sort(), [
    "", // the field that there is not
    "args",
    "auid",
    "cpu_limit",
    "entrypoint.0",
    "entrypoint.1",
    "env.1",
    "env.2",
    "gpu_limit",
    "image",
    "input_dirs",
    "memory_limit",
    "number_of_workers",
    "output_dir",
    "type",
  ]);
  assert(found[""]?.includes("colour"), found[""]);
  assertEquals(found.input_dirs, "expected a path or a list of paths");
});

Deno.test("JobParams refuses what no container or database can hold, in every text", () => {
  for (const bad of ["\0", "a\0b", "\ud83d", "x\udc00y"]) {
    const body = {
      image: `i${bad}`,
      entrypoint: [bad],
      args: [bad],
      input_dirs: bad,
      output_dir: bad,
      env: [`A=${bad}`],
      auid: bad,
    };
    assertEquals(
      Object.keys(faults(body)).sort(),
      ["args.0", "auid", "entrypoint.0", "env.0", "image", "input_dirs", "output_dir"],
      JSON.stringify(bad),
    );
  }
});

Deno.test("JobParams refuses paths that climb out of the store, however they are written", () => {
  for (const path of ["..", "../x", "a/..", "a/../../b", "/..", " ../x", "a/ .. /b"]) {
    assertEquals(Object.keys(faults({ ...least, output_dir: path })), ["output_dir"], path);
    assertEquals(Object.keys(faults({ ...least, input_dirs: ["a", path] })), ["input_dirs.1"], path);
    for (const list of [path, `a,${path}`, `${path},b`, `a, ${path} ,b`]) {
      assertEquals(Object.keys(faults({ ...least, input_dirs: list })), ["input_dirs"], list);
    }
  }
});

Deno.test("inputDirs() takes a list, or one text with commas, and leaves out what names nothing", () => {
  assertEquals(inputDirs({ input_dirs: "" }), []);
  assertEquals(inputDirs({ input_dirs: "home/a" }), ["home/a"]);
  assertEquals(inputDirs({ input_dirs: " home/a, ,/home//b/ ,." }), ["home/a", "home/b"]);
  assertEquals(inputDirs({ input_dirs: ["home/a,b", "", "/", "./c"] }), ["home/a,b", "c"]);
});

Deno.test("outputDir() never is the whole store", () => {
  assertEquals(outputDir("job-1", { output_dir: "/home/out/" }), "home/out");
  for (const output_dir of ["", "/", "//", ".", "./", "/./.", " ", " / "]) {
    assertEquals(outputDir("job-1", { output_dir }), "jobs/job-1", JSON.stringify(output_dir));
  }
});

Deno.test("JobParams lets no path pass that leads to the store itself or out of it", () => {
  const path = fc.array(fc.constantFrom(".", "..", "/", ",", " ", "a"), { maxLength: 8 }).map((parts) =>
    parts.join("")
  );
  fc.assert(
    fc.property(path, fc.oneof(path, fc.array(path, { maxLength: 3 })), (output_dir, input_dirs) => {
      const { success, data } = JobParams.safeParse({ ...least, output_dir, input_dirs });
      if (!success) return;
      const base = "/store";
      for (const dir of [outputDir("j", data), ...inputDirs(data)]) {
        const resolved = new URL(`file://${base}/${encodeURI(dir)}`).pathname;
        assert(resolved.startsWith(`${base}/`) && resolved.length > base.length + 1, JSON.stringify(dir));
      }
    }),
    { numRuns: 2_000 },
  );
});
