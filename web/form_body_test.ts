import { assertEquals } from "@std/assert";
import { bodyOf, faultsOf, textsOf } from "./form_body.js";

const sample = {
  image: "ghcr.io/fnndsc/pl-simpledsapp:2.1.0",
  entrypoint: ["simpledsapp"],
  args: ["--dummyFloat", "3.5", "--title", "two words"],
  type: "ds",
  input_dirs: "home/chris/in",
  output_dir: "home/chris/out",
};

Deno.test("bodyOf() makes of the sample's texts the sample again", () => {
  const { body, faults } = bodyOf({ job_id: "job-1", ...textsOf(sample) });
  assertEquals(faults, {});
  assertEquals(body, sample);
});

Deno.test("bodyOf() sends several input directories as a list, limits as numbers and the environment as a list", () => {
  const { body, faults } = bodyOf({
    job_id: "job-1",
    ...textsOf(sample),
    input_dirs: `home/a "home/b c"`,
    cpu_limit: "500",
    memory_limit: " ",
    gpu_limit: "0",
    env: "A=1\n\nB=x=y z\n",
  });
  assertEquals(faults, {});
  assertEquals([body.input_dirs, body.cpu_limit, body.memory_limit, body.gpu_limit, body.env], [
    ["home/a", "home/b c"],
    500,
    undefined,
    0,
    ["A=1", "B=x=y z"],
  ]);
});

Deno.test("bodyOf() says for each field what is wrong with it", () => {
  const { faults } = bodyOf({
    job_id: "abc",
    image: " ",
    entrypoint: "",
    args: `"open`,
    cpu_limit: "much",
    number_of_workers: "0",
    env: "NOVALUE",
  });
  assertEquals(Object.keys(faults).sort(), [
    "args",
    "cpu_limit",
    "entrypoint",
    "env",
    "image",
    "job_id",
    "number_of_workers",
  ]);
  assertEquals(faults.args, `Not readable: a " is not closed`);
});

Deno.test("faultsOf() puts the service's findings beside the fields they are about", () => {
  const known = new Set(["image", "args", "env"]);
  const details = [
    { field: "image", message: "too long" },
    { field: "args.3", message: "no NUL" },
    { field: "body.env[0]", message: "bad" },
    { field: "image", message: "and odd" },
    { field: "auid", message: "unknown" },
  ];
  assertEquals(faultsOf(details, known), {
    faults: { image: "too long and odd", args: "no NUL", env: "bad" },
    others: ["auid: unknown"],
  });
});
