/**
 * The form fields of pfcon's collections.
 *
 * @module
 */
import { HttpError } from "./http_error.ts";

/** How one field is read. `list` fields may be repeated; of the others the first value counts. */
type Rule = "text" | "int" | "list" | readonly string[];

/** The fields of a form: its rule, and a default if it may be left out. */
export type Fields = Record<string, { readonly rule: Rule; readonly absent?: number | string | null }>;

/** A form that keeps its rules. */
export interface Form {
  text(field: string): string;
  /** Null if the field was left out. */
  optional(field: string): string | null;
  int(field: string): number;
  list(field: string): string[];
}

/**
 * Reads a form, urlencoded or multipart. Any other body counts as an empty form, and unknown fields are
 * ignored, both as pfcon does.
 *
 * @throws {HttpError} 400 with every offending field.
 */
export async function readForm(request: Request, fields: Fields): Promise<Form> {
  const values = await valuesOf(request);
  const faults: Record<string, string> = {};
  for (const [field, { rule, absent }] of Object.entries(fields)) {
    const value = values.getAll(field)[0];
    if (value === undefined) {
      if (absent === undefined) faults[field] = "this field is required";
    } else if (rule === "int" && !/^\s*[+-]?\d+\s*$/.test(value)) {
      faults[field] = `not a whole number: "${value}"`;
    } else if (Array.isArray(rule) && !rule.includes(value)) {
      faults[field] = `"${value}" is none of ${rule.join(", ")}`;
    }
  }
  if (Object.keys(faults).length > 0) throw new HttpError(400, faults);
  const one = (field: string) => values.get(field) ?? fields[field]?.absent ?? null;
  return {
    text: (field) => String(one(field) ?? ""),
    optional: (field) => values.get(field),
    int: (field) => Number(one(field)),
    list: (field) => values.getAll(field),
  };
}

/** Only text parts count. */
async function valuesOf(request: Request): Promise<URLSearchParams> {
  const type = request.headers.get("content-type") ?? "";
  const values = new URLSearchParams();
  if (!/^(application\/x-www-form-urlencoded|multipart\/form-data)\b/i.test(type)) return values;
  const form = await request.formData().catch(() => new FormData());
  for (const [field, value] of form) if (typeof value === "string") values.append(field, value);
  return values;
}

const OP_LIMITS: Fields = {
  cpu_limit: { rule: "int", absent: 1000 },
  memory_limit: { rule: "int", absent: 300 },
};

/** The fields of each collection. */
export const FIELDS = {
  plugin: {
    jid: { rule: "text" },
    args: { rule: "list", absent: null },
    args_path_flags: { rule: "list", absent: null },
    auid: { rule: "text" },
    number_of_workers: { rule: "int" },
    cpu_limit: { rule: "int" },
    memory_limit: { rule: "int" },
    gpu_limit: { rule: "int" },
    image: { rule: "text" },
    entrypoint: { rule: "list" },
    type: { rule: ["ds", "fs", "ts"] },
    env: { rule: "list", absent: null },
    input_dirs: { rule: "list", absent: null },
    output_dir: { rule: "text", absent: null },
  },
  copy: {
    jid: { rule: "text" },
    input_dirs: { rule: "list", absent: null },
    output_dir: { rule: "text" },
    ...OP_LIMITS,
  },
  upload: { jid: { rule: "text" }, job_output_path: { rule: "text" }, ...OP_LIMITS },
  delete: { jid: { rule: "text" }, ...OP_LIMITS },
} as const satisfies Record<string, Fields>;
