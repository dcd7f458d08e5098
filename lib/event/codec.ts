/**
 * Event ↔ the `data` field of a stream entry: compact JSON, fields in the order of wire.md.
 *
 * @module
 */
import type { z } from "@zod/zod";
import { LogEvent } from "./log.ts";
import { StatusEvent } from "./status.ts";
import { WorkflowEvent } from "./workflow.ts";

/** An entry can never be understood: its bytes are no JSON, or not the event they should be. */
export class UndecodableEntryError extends Error {
  override readonly name = "UndecodableEntryError";
}

/** Writes a status event; unknown fields do not travel on. */
export const encodeStatusEvent = encoder(StatusEvent);
/** Writes a log event; unknown fields do not travel on. */
export const encodeLogEvent = encoder(LogEvent);
/** Writes a workflow event; unknown fields do not travel on. */
export const encodeWorkflowEvent = encoder(WorkflowEvent);

/** Reads a status event. @throws {UndecodableEntryError} */
export const decodeStatusEvent = decoder("status event", StatusEvent);
/** Reads a log event. @throws {UndecodableEntryError} */
export const decodeLogEvent = decoder("log event", LogEvent);
/** Reads a workflow event. @throws {UndecodableEntryError} */
export const decodeWorkflowEvent = decoder("workflow event", WorkflowEvent);

/** `JSON.stringify` keeps the order of its key list and leaves out what is undefined. */
function encoder<Shape extends z.ZodRawShape>(schema: z.ZodObject<Shape>) {
  const keys = [...Object.keys(schema.shape)];
  return (event: z.infer<typeof schema>): string => {
    const ordered: Record<string, unknown> = {};
    for (const key of keys) ordered[key] = (event as Record<string, unknown>)[key];
    return JSON.stringify(ordered);
  };
}

function decoder<Schema extends z.ZodType>(what: string, schema: Schema) {
  return (data: string): z.infer<Schema> => {
    let json: unknown;
    try {
      json = JSON.parse(data);
    } catch (cause) {
      throw new UndecodableEntryError(`Cannot decode ${what}: not JSON`, { cause });
    }
    const parsed = schema.safeParse(json);
    if (parsed.success) return parsed.data;
    const faults = parsed.error.issues.map((issue) => `${issue.path.join(".") || "entry"}: ${issue.message}`);
    throw new UndecodableEntryError(`Cannot decode ${what}: ${faults.join("; ")}`);
  };
}
