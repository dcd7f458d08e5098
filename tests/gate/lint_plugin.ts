/**
 * The project's own lint rules. `deno lint` loads them by `lint.plugins` in `deno.json`.
 *
 * | rule | says |
 * |---|---|
 * | `project/layers` | `lib/` imports nothing from `workers/`, `deploy/`, `tests/` or `web/` (its tests may start servers with `deploy/dev`); `lib/job` and `lib/event` import only zod, `node:crypto` and each other |
 * | `project/process-at-the-edge` | `Deno.env` and `Deno.exit` (and Node's `process`) stay in programs and tests |
 * | `project/time-and-chance-come-in` | `Date.now`, `new Date()` and `Math.random` stay in programs, tests and default values |
 *
 * @module
 */
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Folders whose code may know only the domain. */
const PURE = ["lib/job/", "lib/event/"];
/** What the pure folders may import beside themselves. */
const PURE_MAY_IMPORT = ["@zod/zod", "node:crypto"];
/** What tests beside a pure file may import on top. */
const PURE_TESTS_MAY_IMPORT = ["@std/assert", "fast-check"];
/** What `lib/` must not know. */
const ABOVE_LIB = ["workers/", "deploy/", "tests/", "web/"];

const layers: Deno.lint.Rule = {
  create(context) {
    const file = projectPath(context.filename);
    const check = (node: Deno.lint.Node, source: unknown) => {
      if (typeof source !== "string") return;
      const message = layerFault(file, source);
      if (message) context.report({ node, message });
    };
    return {
      ImportDeclaration: (node) => check(node, node.source.value),
      ExportAllDeclaration: (node) => check(node, node.source.value),
      ExportNamedDeclaration: (node) => check(node, node.source?.value),
      ImportExpression: (node) => check(node, node.source.type === "Literal" ? node.source.value : undefined),
    };
  },
};

const processAtTheEdge: Deno.lint.Rule = {
  create(context) {
    const file = projectPath(context.filename);
    if (isProgram(file) || isTestCode(file) || file === "lib/run/run_main.ts") return {};
    const report = (node: Deno.lint.Node, what: string) =>
      context.report({ node, message: `${what} belongs into main.ts: take what you need as an argument` });
    return {
      MemberExpression(node) {
        const [object, property] = memberOf(node);
        if ((object === "Deno" || object === "process") && (property === "env" || property === "exit")) {
          report(node, `${object}.${property}`);
        }
      },
      VariableDeclarator(node) {
        if (node.init?.type !== "Identifier" || node.id.type !== "ObjectPattern") return;
        const names = node.id.properties.flatMap((property) =>
          property.type === "Property" && property.key.type === "Identifier" ? [property.key.name] : []
        );
        const taken = names.find((name) => name === "env" || name === "exit");
        if (taken && (node.init.name === "Deno" || node.init.name === "process")) {
          report(node, `${node.init.name}.${taken}`);
        }
      },
    };
  },
};

const timeAndChanceComeIn: Deno.lint.Rule = {
  create(context) {
    const file = projectPath(context.filename);
    if (isProgram(file) || isTestCode(file)) return {};
    const check = (node: Deno.lint.Node, what: string) => {
      if (isDefaultValue(node, context.sourceCode.getAncestors(node))) return;
      context.report({
        node,
        message: `${what} makes this unpredictable: take time and chance as arguments`,
      });
    };
    return {
      MemberExpression(node) {
        const [object, property] = memberOf(node);
        if (object === "Date" && property === "now") check(node, "Date.now");
        if (object === "Math" && property === "random") check(node, "Math.random");
      },
      NewExpression(node) {
        const { callee } = node;
        if (callee.type === "Identifier" && callee.name === "Date" && node.arguments.length === 0) {
          check(node, "new Date()");
        }
      },
    };
  },
};

/** The rules, named `project/…` in messages and in `deno-lint-ignore` comments. */
const plugin: Deno.lint.Plugin = {
  name: "project",
  rules: {
    "layers": layers,
    "process-at-the-edge": processAtTheEdge,
    "time-and-chance-come-in": timeAndChanceComeIn,
  },
};
export default plugin;

/** What is wrong with `file` importing `specifier`; null if it may. */
function layerFault(file: string, specifier: string): string | null {
  if (!file.startsWith("lib/")) return null;
  const target = /^\.{0,2}\//.test(specifier) ? slashed(join(dirname(file), specifier)) : specifier;
  const above = ABOVE_LIB.find((folder) => target.startsWith(folder));
  if (above === "deploy/" && isTestCode(file)) return null;
  if (above) return `lib/ must not import from ${above}: move what both need into lib/`;
  const pure = PURE.find((folder) => file.startsWith(folder));
  if (!pure || PURE.some((folder) => target.startsWith(folder)) || PURE_MAY_IMPORT.includes(target)) {
    return null;
  }
  if (isTestCode(file) && PURE_TESTS_MAY_IMPORT.includes(target)) return null;
  return `${pure} is pure and must not import "${specifier}": only ${PURE.join(", ")} and ${
    PURE_MAY_IMPORT.join(", ")
  }`;
}

/** The two names of `object.property` or `object["property"]`, as far as both can be read off. */
function memberOf(node: Deno.lint.MemberExpression): [object: string | null, property: string | null] {
  const object = node.object.type === "Identifier" ? node.object.name : null;
  if (!node.computed && node.property.type === "Identifier") return [object, node.property.name];
  return [object, node.property.type === "Literal" ? String(node.property.value) : null];
}

/**
 * Anywhere in `x = …` as a parameter's or a destructured field's default; or in `given ?? Date.now`, where it is
 * handed on and not called. `ancestors` begin with the whole file and end with the node's parent.
 */
function isDefaultValue(node: Deno.lint.Node, ancestors: Deno.lint.Node[]): boolean {
  if (ancestors.some(({ type }) => type === "AssignmentPattern")) return true;
  const parent = ancestors.at(-1);
  return parent?.type === "LogicalExpression" && parent.operator === "??" &&
    parent.right.range[0] === node.range[0];
}

/** Files that are started, not imported. */
function isProgram(file: string): boolean {
  return /(^|\/)(main|start)\.ts$/.test(file) || file.startsWith("deploy/dev/");
}

function isTestCode(file: string): boolean {
  return file.startsWith("tests/") || file.startsWith("lib/testing/") || /_test\.ts$/.test(file);
}

/** With slashes and from the project's root; a name that is relative already stays as it is. */
function projectPath(filename: string): string {
  const path = filename.startsWith("file:") ? fileURLToPath(filename) : filename;
  return slashed(path.startsWith(ROOT) ? relative(ROOT, path) : path);
}

function slashed(path: string): string {
  return path.replaceAll(sep, "/");
}
