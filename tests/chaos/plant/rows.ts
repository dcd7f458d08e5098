/**
 * Plants in Postgres: rows that are changed, and triggers that lose rows on their way in.
 *
 * @module
 */
import type { Plant, PlantTools } from "./plant.ts";

/** The line that is tampered with: one in the middle. */
const SEQ = 7;

/** Rows of a plugin's log are lost, doubled, changed and swapped after all is over. */
export const ROW_PLANTS: readonly Plant[] = [
  {
    name: "G1-lost-row",
    guarantee: "G1",
    about: "a line is deleted from the log store",
    after: ({ sql }, { jobId }) => changed(sql`DELETE FROM job_logs WHERE ${lineOf(sql, jobId)}`),
  },
  {
    name: "G1-doubled-row",
    guarantee: "G1",
    about: "a line is there twice in the log store",
    after: ({ sql }, { jobId }) =>
      changed(sql`
        INSERT INTO job_logs (entry_ms, entry_seq, timestamp, seq, eos, job_id, event_id, job_type, stream,
          container_name, container_id, line)
        SELECT entry_ms, entry_seq, timestamp, seq, eos, job_id, event_id || '2', job_type, stream,
          container_name, container_id, line
        FROM job_logs WHERE ${lineOf(sql, jobId)}`),
  },
  {
    name: "G2-changed-byte",
    guarantee: "G2",
    about: "one byte of a stored line is another",
    after: ({ sql }, { jobId }) =>
      changed(
        sql`UPDATE job_logs SET line = overlay(line PLACING '#' FROM 3 FOR 1) WHERE ${lineOf(sql, jobId)}`,
      ),
  },
  {
    name: "G4-swapped-rows",
    guarantee: "G4",
    about: "two stored lines change places",
    after: ({ sql }, { jobId }) =>
      changed(sql`
        UPDATE job_logs SET entry_ms = other.entry_ms, entry_seq = other.entry_seq
        FROM job_logs AS other
        WHERE job_logs.job_id = ${jobId} AND other.job_id = ${jobId}
          AND job_logs.job_type = 'plugin' AND other.job_type = 'plugin'
          AND job_logs.seq + other.seq = ${SEQ + SEQ + 1} AND job_logs.seq IN (${SEQ}, ${SEQ + 1})
          AND NOT job_logs.eos AND NOT other.eos`),
  },
  {
    name: "G5-unstored-line",
    guarantee: "G5",
    about: "the log store loses a line when it is written, but says that it is stored",
    before: ({ sql }, jobId) =>
      losing(sql, "job_logs", `NEW.job_id = '${jobId}' AND NEW.job_type = 'plugin' AND NEW.seq = ${SEQ}`),
  },
  {
    name: "G6-lost-confirmation",
    guarantee: "G6",
    about: "the confirmation of a plugin's end never goes out",
    before: ({ sql }, jobId) =>
      losing(
        sql,
        "job_outbox",
        `NEW.job_id = '${jobId}' AND NEW.event->>'job_type' = 'plugin' AND NEW.event->>'status' LIKE 'confirmed%'`,
      ),
  },
  {
    name: "G7-wrong-verdict",
    guarantee: "G7",
    about: "a workflow's result is another",
    after: ({ sql }, { jobId }) =>
      changed(sql`UPDATE job_workflow SET status = 'failed' WHERE job_id = ${jobId}`),
  },
];

/** The line to tamper with. */
export function lineOf(sql: PlantTools["sql"], jobId: string) {
  return sql`job_id = ${jobId} AND job_type = 'plugin' AND seq = ${SEQ} AND NOT eos`;
}

/** @throws {Error} if nothing was there to be changed: a plant that does nothing proves nothing. */
export async function changed(work: PromiseLike<{ readonly count: number }>): Promise<void> {
  const { count } = await work;
  if (count === 0) throw new Error("Cannot plant: there was no row to tamper with");
}

/** From now on rows that fit `condition` are not inserted, and nobody is told. */
async function losing(sql: PlantTools["sql"], table: string, condition: string): Promise<void> {
  const name = `chaos_${crypto.randomUUID().replaceAll("-", "")}`;
  await sql.unsafe(`
    CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN IF ${condition} THEN RETURN NULL; END IF; RETURN NEW; END $$;
    CREATE TRIGGER ${name} BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION ${name}()`);
}
