// @ts-check
/**
 * The submission form's texts ↔ the body of `POST …/run`. Pure.
 *
 * @module
 */
import { joinWords, splitWords } from "./shell_words.js";
import { jobIdFault } from "./job_id.js";
/** @import { Sample } from "./api.js" */

/** @typedef {Record<string, string>} Texts What stands in the form's fields, by name. */
/** @typedef {Record<string, string>} Faults What is wrong, by field. */

/** @type {Readonly<Record<string, { least: number, what: string }>>} */
const NUMBERS = {
  cpu_limit: { least: 1, what: "a number of millicores" },
  memory_limit: { least: 1, what: "a number of MiB" },
  gpu_limit: { least: 0, what: "a number of GPUs" },
  number_of_workers: { least: 1, what: "a number of workers" },
};

/**
 * @param {Texts} texts
 * @returns {{ body: Record<string, unknown>, faults: Faults }} the body is fit to be sent if there are no faults
 */
export function bodyOf(texts) {
  /** @type {Faults} */
  const faults = {};
  const field = (/** @type {string} */ name) => texts[name] ?? "";
  const words = (/** @type {string} */ name) => {
    try {
      return splitWords(field(name));
    } catch (error) {
      faults[name] = (error instanceof Error ? error.message : String(error)).replace(
        /^Cannot .*?: /,
        "Not readable: ",
      );
      return [];
    }
  };
  const idFault = jobIdFault(field("job_id"));
  if (idFault) faults.job_id = idFault;
  if (field("image").trim() === "") faults.image = "Name the image to run.";
  const entrypoint = words("entrypoint");
  if (entrypoint.length === 0) faults.entrypoint ??= "Name the program to run.";
  const inputs = words("input_dirs");
  /** @type {Record<string, unknown>} */
  const body = {
    image: field("image").trim(),
    entrypoint,
    type: field("type"),
    args: words("args"),
    input_dirs: inputs.length > 1 ? inputs : inputs[0] ?? "",
    output_dir: field("output_dir").trim(),
  };
  for (const [name, { least, what }] of Object.entries(NUMBERS)) {
    if (field(name).trim() === "") continue;
    const number = Number(field(name));
    if (!Number.isInteger(number) || number < least) faults[name] = `Give ${what}, ${least} or more.`;
    body[name] = number;
  }
  const env = field("env").split("\n").filter((line) => line.trim() !== "");
  const odd = env.find((line) => !/^[^=\s]+=/.test(line));
  if (odd !== undefined) faults.env = `Write NAME=value on each line: “${odd.slice(0, 40)}” is not.`;
  if (env.length > 0) body.env = env;
  return { body, faults };
}

/**
 * The texts the form begins with.
 *
 * @param {Sample} sample
 * @returns {Texts}
 */
export function textsOf(sample) {
  const inputs = typeof sample.input_dirs === "string" ? [sample.input_dirs] : sample.input_dirs;
  return {
    image: sample.image,
    entrypoint: joinWords(sample.entrypoint),
    type: sample.type,
    args: joinWords(sample.args),
    input_dirs: joinWords(inputs.filter((dir) => dir !== "")),
    output_dir: sample.output_dir,
  };
}

/**
 * Sorts what the service found wrong by field of this form.
 *
 * @param {readonly { field: string, message: string }[]} details
 * @param {ReadonlySet<string>} known the form's fields
 * @returns {{ faults: Faults, others: string[] }} `others`: faults of fields the form does not have
 */
export function faultsOf(details, known) {
  /** @type {Faults} */
  const faults = {};
  /** @type {string[]} */
  const others = [];
  for (const { field, message } of details) {
    const name = String(field).split(/[.[/]/).find((part) => known.has(part));
    if (name === undefined) others.push(`${field}: ${message}`);
    else faults[name] = faults[name] ? `${faults[name]} ${message}` : message;
  }
  return { faults, others };
}
