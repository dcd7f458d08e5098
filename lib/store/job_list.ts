/**
 * Jobs in pages, newest first (table `job_workflow`). A page costs in proportion to itself, however many jobs there
 * are; see `migrations/0006_rest_pages.sql`.
 *
 * A search looks through the newest {@link SCANNED} jobs behind the cursor, where frequent texts are found at once.
 * For a rare text it then asks the index. A text in between, or one too short for the index, gives a short page, and
 * the next one goes on where the search stopped: a page may be empty while there are more.
 *
 * @module
 */
import type { WorkflowStatus, WorkflowStep } from "../event/workflow.ts";
import { type Sql, withOutage } from "./open.ts";
import { inTransaction } from "./transaction.ts";

/** A job as lists show it. */
export interface ListedJob {
  readonly jobId: string;
  readonly step: WorkflowStep;
  readonly status: WorkflowStatus;
  readonly held: string | null;
  readonly error: string | null;
  readonly image: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** The place of a job in the list. */
export interface JobPlace {
  /** Its creation, in microseconds since 1970. */
  readonly createdUs: number;
  readonly jobId: string;
}

/** Which page of the list. */
export interface JobQuery {
  /** Only jobs in one of these states; all if empty. */
  readonly statuses: readonly WorkflowStatus[];
  /** Only jobs with this text in their id or image, in any case. */
  readonly text?: string | undefined;
  /** Only these jobs: ids, or beginnings of ids that end in `*`. */
  readonly among?: readonly string[] | undefined;
  /** Only jobs behind this place. */
  readonly after?: JobPlace | undefined;
  readonly limit: number;
}

/** A page; `next` is the place where the next one begins, null if there is none. */
export interface JobPage {
  readonly jobs: readonly ListedJob[];
  readonly next: JobPlace | null;
}

/** Jobs that a search looks at one by one in each page. */
export const SCANNED = 5_000;
/** Shortest text that the index knows. */
const INDEXED_LENGTH = 3;
/** Most texts that the index is asked for at once. */
const INDEXED_TEXTS = 20;
/** Most jobs that the index may name; of a text with more, some are among the newest soon. */
const CANDIDATES = 5_000;

type Row = ListedJob & { readonly createdUs: number };

/** A page of jobs. @throws {OutageError} when Postgres is away. */
export async function listJobs(sql: Sql, query: JobQuery): Promise<JobPage> {
  return await withOutage("list jobs", async () => {
    const { limit } = query;
    const rows = await newest(sql, query, limit + 1);
    if (rows.length > limit || !isSearch(query)) return pageOf(rows, limit);
    const end = await endOfScan(sql, query);
    if (end === null) return pageOf(rows, limit);
    const older = await indexed(sql, { ...query, after: end });
    if (older === null) return { jobs: rows, next: end };
    return pageOf([...rows, ...older], limit);
  });
}

function isSearch({ text, among }: JobQuery): boolean {
  return text !== undefined || among !== undefined;
}

function pageOf(rows: readonly Row[], limit: number): JobPage {
  const jobs = rows.slice(0, limit);
  return { jobs, next: rows.length > limit ? jobs.at(-1) ?? null : null };
}

/** The first `count` jobs meant, among as many as a search may look at. */
async function newest(sql: Sql, query: JobQuery, count: number): Promise<Row[]> {
  const rows = await sql`
    SELECT ${shown(sql)} FROM (${inOrder(sql, query, isSearch(query) ? SCANNED : count)}) AS scanned
    WHERE ${isMeant(sql, query)}
    ORDER BY created_at DESC, job_id COLLATE "C" DESC LIMIT ${count}`;
  return rows.map(rowOf);
}

/** The place of the last job that a search has looked at; null if it has looked at all. */
async function endOfScan(sql: Sql, query: JobQuery): Promise<JobPlace | null> {
  const [row] = await sql`
    SELECT ${shown(sql)} FROM (${inOrder(sql, query, SCANNED)}) AS scanned
    ORDER BY created_at DESC, job_id COLLATE "C" DESC OFFSET ${SCANNED - 1} LIMIT 1`;
  return row ? rowOf(row) : null;
}

/** The first jobs in order, in the states asked for: one way through an index for each state. */
function inOrder(sql: Sql, { statuses, after }: JobQuery, count: number) {
  const [first = newestOfAll(sql, after), ...rest] = statuses.map((status) => newestOf(sql, status, after));
  const parts = rest.reduce(
    (all, next) => sql`${all} UNION ALL (${next} LIMIT ${count})`,
    sql`(${first} LIMIT ${count})`,
  );
  return sql`
    SELECT * FROM (${parts}) AS parts ORDER BY created_at DESC, job_id COLLATE "C" DESC LIMIT ${count}`;
}

function newestOfAll(sql: Sql, after?: JobPlace) {
  const behind = after ? sql`(created_at, job_id COLLATE "C") < (${place(sql, after)})` : sql`true`;
  return sql`SELECT * FROM job_workflow WHERE ${behind} ORDER BY created_at DESC, job_id COLLATE "C" DESC`;
}

/**
 * A range of the index that begins with the state. Written so that no other index will do: the planner cannot know
 * that a state has become rare, and would look for it among all jobs.
 */
function newestOf(sql: Sql, status: WorkflowStatus, after?: JobPlace) {
  const behind = after ? place(sql, after) : sql`'infinity'::timestamptz, ''`;
  return sql`
    SELECT * FROM job_workflow
    WHERE (status, created_at, job_id COLLATE "C") < (${status}, ${behind})
      AND (status, created_at) >= (${status}, '-infinity'::timestamptz)
    ORDER BY status DESC, created_at DESC, job_id COLLATE "C" DESC`;
}

/** All jobs meant behind `after`, newest first; null if the index does not know or names too many. */
async function indexed(sql: Sql, query: JobQuery & { after: JobPlace }): Promise<Row[] | null> {
  const { statuses, after } = query;
  const texts = indexedTexts(query);
  if (texts === null) return null;
  const candidates = await inTransaction(sql, "search for jobs", async (tx) => {
    // A planner that expects many may think of reading them all.
    await tx`SELECT set_config('enable_seqscan', 'off', true), set_config('enable_indexscan', 'off', true)`;
    const holdsOne = texts.map((text) => holdsThrees(tx, text)).reduce((all, next) => tx`${all} OR ${next}`);
    return await tx`
      SELECT ${shown(tx)}, ${isMeant(tx, query)}
        AND (${statuses.length === 0} OR status = ANY(${statuses}::text[]))
        AND (created_at, job_id COLLATE "C") < (${place(tx, after)}) AS meant
      FROM (SELECT * FROM job_workflow WHERE ${holdsOne} LIMIT ${CANDIDATES}) AS candidates
      ORDER BY created_at DESC, job_id COLLATE "C" DESC`;
  });
  if (candidates.length === CANDIDATES) return null;
  return candidates.filter((row) => row.meant).map(rowOf);
}

/** Texts of which each job that is meant holds one; null if there are none that the index could look for. */
function indexedTexts({ text, among = [] }: JobQuery): string[] | null {
  const texts = text === undefined ? among.map((pattern) => pattern.replace(/\*$/, "")) : [text];
  const isKnown = texts.every((each) => [...each].length >= INDEXED_LENGTH);
  return isKnown && texts.length > 0 && texts.length <= INDEXED_TEXTS ? texts : null;
}

function holdsThrees(sql: Sql, text: string) {
  return sql`job_search_threes(job_search_text(job_id, params)) COLLATE "C" @> job_search_threes(lower(${text}))`;
}

function isMeant(sql: Sql, { text, among }: JobQuery) {
  const holds = text === undefined
    ? sql`true`
    : sql`(strpos(lower(job_id), lower(${text})) > 0 OR strpos(lower(params ->> 'image'), lower(${text})) > 0)`;
  if (among === undefined) return holds;
  const ids = among.filter((pattern) => !pattern.endsWith("*"));
  const beginnings = among.filter((pattern) => pattern.endsWith("*")).map((pattern) => pattern.slice(0, -1));
  return sql`${holds} AND (job_id = ANY(${ids}::text[]) OR EXISTS (
    SELECT 1 FROM unnest(${beginnings}::text[]) AS beginning WHERE starts_with(job_id, beginning)))`;
}

/** What a page shows of a job, and no more: parameters may be long. */
function shown(sql: Sql) {
  return sql`job_id, current_step, status, held, error, created_at, updated_at, params ->> 'image' AS image,
    (extract(epoch FROM created_at) * 1000000)::bigint AS created_us`;
}

function place(sql: Sql, { createdUs, jobId }: JobPlace) {
  return sql`timestamptz 'epoch' + ${createdUs}::bigint * interval '1 microsecond', ${jobId} COLLATE "C"`;
}

function rowOf(row: Record<string, unknown>): Row {
  return {
    jobId: row.job_id as string,
    step: row.current_step as WorkflowStep,
    status: row.status as WorkflowStatus,
    held: row.held as string | null,
    error: row.error as string | null,
    image: row.image as string | null,
    createdAt: row.created_at as Date,
    updatedAt: row.updated_at as Date,
    createdUs: row.created_us as number,
  };
}
