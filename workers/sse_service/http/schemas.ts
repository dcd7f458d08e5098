/**
 * What all routes have in common (http.md): the job id in a path, and the body of an error.
 *
 * @module
 */
import { z } from "@hono/zod-openapi";
import { jobIdFault } from "lib/job/job_id.ts";

/** A path with a job id, checked at the border. */
export const JobPath = z.object({
  job_id: z.string().superRefine((id, context) => {
    const fault = jobIdFault(id);
    if (fault) context.addIssue({ code: "custom", message: fault });
  }).openapi({ param: { name: "job_id", in: "path" }, example: "chris-jid-42" }),
});

/** Every error's body. */
export const ErrorBody = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    details: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
  }),
}).openapi("Error");
