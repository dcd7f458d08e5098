import { type ChrisClient, ChrisError } from "lib/client/chris_client.ts";

/**
 * Makes sure that the service knows a job: by its workflow, or by what its containers did.
 *
 * @throws {ChrisError} with status 404 if it does not. @throws {ChrisOutageError}
 */
export async function requireJob(client: ChrisClient, jobId: string, signal: AbortSignal): Promise<void> {
  try {
    await client.workflow(jobId, { signal });
  } catch (error) {
    if (!(error instanceof ChrisError) || error.status !== 404) throw error;
    const [{ statuses }, { lines }] = await Promise.all([
      client.statusHistory(jobId, { latest: true, signal }),
      client.logHistory(jobId, { limit: 1, signal }),
    ]);
    if (statuses.length === 0 && lines.length === 0) {
      throw new ChrisError(`Cannot find job ${JSON.stringify(jobId)}: the service knows nothing of it`, {
        status: 404,
        code: "not_found",
      });
    }
  }
}
