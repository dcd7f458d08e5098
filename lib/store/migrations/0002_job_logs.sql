-- Log lines, where LOG_STORE=postgres. entry_ms and entry_seq: the stream entry a line came from, its place in the
-- order of the job. The fields are those of LogEvent (wire.md §3); where a text holds what no Postgres text can
-- (NUL), or the time is not in the wire's form, the fields hold the nearest that can be stored and `original` holds
-- the whole event as JSON.

CREATE TABLE job_logs (
  entry_ms bigint NOT NULL,
  entry_seq bigint NOT NULL,
  timestamp timestamptz NOT NULL,
  seq bigint,
  truncated bigint,
  eos boolean NOT NULL,
  lossy boolean,
  job_id text COLLATE "C" NOT NULL,
  event_id text COLLATE "C" NOT NULL,
  job_type text COLLATE "C" NOT NULL,
  stream text COLLATE "C" NOT NULL,
  container_name text COLLATE "C" NOT NULL,
  container_id text COLLATE "C",
  line text NOT NULL,
  original text,
  -- The same event written again is the same row.
  PRIMARY KEY (job_id, event_id)
);

-- Every read goes along this one; with eos in it, lines are counted and skipped without touching the rows.
CREATE INDEX job_logs_in_order ON job_logs (job_id, entry_ms, entry_seq) INCLUDE (eos);
