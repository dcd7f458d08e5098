/**
 * Sessions in answers (http.md).
 *
 * @module
 */
import { z } from "@hono/zod-openapi";
import { SCOPES } from "./caller.ts";

/** Who has signed in. */
export const SessionView = z.object({
  subject: z.string().nullable(),
  scopes: z.array(z.enum(SCOPES)),
  expires_at: z.string(),
}).openapi("Session");
