/**
 * Kinds of jobs: what their plugin writes and how it ends. Pure; chance comes in.
 *
 * @module
 */
import type { Random } from "../random.ts";
import type { JobTruth } from "../truth.ts";
import { Script } from "./script.ts";

/** A job to be ordered. */
export interface Job {
  readonly truth: Omit<JobTruth, "acceptedAt">;
  /** Image and command; null: the world's image. */
  readonly image: string | null;
  readonly entrypoint: readonly string[];
  readonly args: readonly string[];
}

/** Makes a job of a kind. */
export type Recipe = (jobId: string, random: Random) => Job;

/** What Docker's `json-file` keeps together. */
const FRAGMENT = 16 * 1024;

/** Scripts, each with the exit code it ends with. */
const SCRIPTS: Record<string, (script: Script, random: Random) => number> = {
  fast: (script, random) => (script.count("stdout", random.int(50, 1_500)), 0),
  slow: (script, random) => (script.count("stdout", random.int(20, 120), 50), 0),
  bursts: (script, random) => {
    for (let burst = random.int(2, 5); burst > 0; burst--) {
      script.count("stdout", random.int(1, 300)).pause(random.int(100, 2_000));
    }
    return 0;
  },
  longLines: (script, random) => {
    for (const bytes of random.some([-1, 0, 1, 2, 300].map((more) => FRAGMENT + more))) {
      script.long(random.pick(["stdout", "stderr"]), bytes, random.pick([..."abcxyz"]));
    }
    script.say("stdout", "between").long("stdout", 2 * FRAGMENT, "y").count("stdout", 3);
    return 0;
  },
  hugeLine: (script) => (script.say("stdout", "before").long("stdout", 300 * 1024).say("stdout", "after"), 0),
  oddLines: (script, random) => {
    script.empty("stdout").say("stdout", "  spaces  ").empty("stderr").empty("stdout").progress("stdout", 5);
    script.say("stdout", "größer, 日本語, 🩻 and é").say("stderr", '{"json": "\\n"} %s $HOME <b>&amp;</b>');
    script.progress("stderr", 3).empty("stdout").say(random.pick(["stdout", "stderr"]), "the end", false);
    return 0;
  },
  bothStreams: (script, random) => {
    for (let turn = random.int(10, 60); turn > 0; turn--) {
      script.count("stdout", random.int(1, 4)).count("stderr", random.int(1, 4));
    }
    return random.pick([0, 3]);
  },
  fails: (script, random) => (script.count("stdout", 20).count("stderr", 3), random.pick([1, 3])),
  killed: (script, random) => {
    script.count("stdout", random.int(1, 100)).then("exec 2>/dev/null").then("sh -c 'kill -9 $$'");
    return 137;
  },
  short: (script) => (script.say("stdout", "hello and goodbye"), 0),
  silent: (script, random) => (script.pause(random.pick([0, 0, 1_500])), random.pick([0, 1])),
};

const jobOf = (name: string): Recipe => (jobId, random) => {
  const script = new Script(jobId);
  const exit = SCRIPTS[name]?.(script, random) ?? 0;
  script.then(exit === 137 ? "exit $?" : `exit ${exit}`);
  const { stdout, stderr } = script;
  return {
    truth: { jobId, recipe: name, stdout, stderr, end: { exit } },
    image: null,
    entrypoint: ["sh", "-c"],
    args: [script.text],
  };
};

const noSuch = (what: "no-image" | "no-program"): Recipe => (jobId) => ({
  truth: { jobId, recipe: what, stdout: [], stderr: [], end: what },
  image: what === "no-image" ? "localhost/there-is-no-such-image:1" : null,
  entrypoint: ["there-is-no-such-program"],
  args: [],
});

/** Kinds of jobs by name. */
export const RECIPES: Readonly<Record<string, Recipe>> = {
  ...Object.fromEntries(Object.keys(SCRIPTS).map((name) => [name, jobOf(name)])),
  "no-image": noSuch("no-image"),
  "no-program": noSuch("no-program"),
};

/** Common kinds come more often. */
const MIX = ["fast", "fast", "slow", "slow", "bursts", "bursts", ...Object.keys(RECIPES)];

/** A job of any kind. */
export function anyJob(jobId: string, random: Random): Job {
  const recipe = RECIPES[random.pick(MIX)] ?? jobOf("short");
  return recipe(jobId, random);
}
