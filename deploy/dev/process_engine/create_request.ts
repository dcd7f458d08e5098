/**
 * The body of `POST /containers/create`, as far as local processes can honour it. The rest is kept to be shown.
 *
 * @module
 */
import { z } from "@zod/zod";
import { EngineError } from "./engine_error.ts";

/** A command: a list of words, or one word. */
const Words = z.union([z.string(), z.array(z.string())]).nullish()
  .transform((words) => typeof words === "string" ? [words] : words ?? [])
  .transform((words) => words.length === 1 && words[0] === "" ? [] : words);

/** What a container shall be. Unknown fields of the Engine's API are let through. */
export const CreateRequest = z.looseObject({
  Image: z.string().default(""),
  Cmd: Words,
  Entrypoint: Words,
  Env: z.array(z.string()).nullish().transform((env) => env ?? []),
  Labels: z.record(z.string(), z.string()).nullish().transform((labels) => labels ?? {}),
  WorkingDir: z.string().nullish().transform((dir) => dir ?? ""),
  Tty: z.boolean().nullish().transform((tty) => tty ?? false),
  HostConfig: z.looseObject({
    Binds: z.array(z.string()).nullish().transform((binds) => binds ?? []),
    AutoRemove: z.boolean().nullish().transform((remove) => remove ?? false),
  }).nullish().transform((host) => host ?? { Binds: [], AutoRemove: false }),
});
export type CreateRequest = z.infer<typeof CreateRequest>;

const NAME = /^\/?[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

/**
 * Reads the body of a create request.
 *
 * @throws {EngineError} 400 if it has another shape or no command.
 */
export function parseCreateRequest(body: unknown): CreateRequest {
  const parsed = CreateRequest.safeParse(body);
  if (!parsed.success) {
    throw new EngineError(400, `invalid container configuration: ${z.prettifyError(parsed.error)}`);
  }
  if (parsed.data.Cmd.length + parsed.data.Entrypoint.length === 0) {
    throw new EngineError(400, "No command specified");
  }
  return parsed.data;
}

/**
 * The name a container gets, without its leading slash: the one asked for, or one made of its id.
 *
 * @throws {EngineError} 400 if the name has a character that is not allowed.
 */
export function containerName(wanted: string | undefined, id: string): string {
  if (!wanted) return `process_${id.slice(0, 12)}`;
  if (!NAME.test(wanted)) {
    throw new EngineError(
      400,
      `Invalid container name (${wanted}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`,
    );
  }
  return wanted.replace(/^\//, "");
}
