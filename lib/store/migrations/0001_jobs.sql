-- Tables of the reference (wire.md §8): a reader of its database works on ours.

CREATE TABLE IF NOT EXISTS job_status (
  job_id text NOT NULL,
  job_type text NOT NULL,
  status text NOT NULL,
  image text NOT NULL DEFAULT '',
  cmd text NOT NULL DEFAULT '',
  message text NOT NULL DEFAULT '',
  exit_code integer,
  source text NOT NULL DEFAULT '',
  event_id text NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (job_id, job_type)
);

CREATE TABLE IF NOT EXISTS job_workflow (
  job_id text PRIMARY KEY,
  current_step text NOT NULL,
  status text NOT NULL,
  params jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS job_workflow_events (
  id bigserial PRIMARY KEY,
  job_id text NOT NULL,
  current_step text NOT NULL,
  current_step_status text NOT NULL,
  workflow_status text NOT NULL,
  error text,
  event_id text NOT NULL UNIQUE,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS job_workflow_events_job ON job_workflow_events (job_id, id);

-- Ours beside them.

-- The container that a status is of: one container's states and those of an earlier one of the same name are
-- compared in different ways.
ALTER TABLE job_status ADD COLUMN IF NOT EXISTS container_id text;

-- Every state of every container, once. entry_ms and entry_seq: the stream entry it came from.
CREATE TABLE job_status_history (
  id bigserial PRIMARY KEY,
  job_id text NOT NULL,
  event_id text NOT NULL UNIQUE,
  event jsonb NOT NULL,
  entry_ms bigint NOT NULL,
  entry_seq bigint NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX job_status_history_job ON job_status_history (job_id, entry_ms, entry_seq);

-- What must still go out to the streams, and what has gone out: the record of confirmations and workflow events.
-- entry_ms and entry_seq: where the relay published it.
CREATE TABLE job_outbox (
  id bigserial PRIMARY KEY,
  job_id text NOT NULL,
  stream text NOT NULL CHECK (stream IN ('status', 'workflow')),
  event jsonb NOT NULL,
  entry_ms bigint,
  entry_seq bigint,
  created_at timestamptz NOT NULL DEFAULT now(),
  published_at timestamptz
);
CREATE INDEX job_outbox_unpublished ON job_outbox (id) WHERE published_at IS NULL;
CREATE INDEX job_outbox_job ON job_outbox (job_id, id);

-- Redis remembers for a while which ids went out. A database made anew beside the same Redis must not use them
-- again, so its ids begin at the time of its making (in microseconds).
DO $$ BEGIN
  EXECUTE format('ALTER SEQUENCE job_outbox_id_seq RESTART WITH %s',
    (extract(epoch FROM clock_timestamp()) * 1000000)::bigint);
END $$;

-- Where each step of a workflow stands. outcome is null until the step is over.
CREATE TABLE job_step (
  job_id text NOT NULL REFERENCES job_workflow ON DELETE CASCADE,
  step text NOT NULL,
  outcome text,
  exit_code integer,
  reason jsonb,
  begun_at timestamptz NOT NULL DEFAULT now(),
  ordered_at timestamptz,
  ended_at timestamptz,
  start_attempts integer NOT NULL DEFAULT 0,
  last_error text,
  -- When pfcon was last asked about a step of which nothing had been heard for long.
  checked_at timestamptz,
  PRIMARY KEY (job_id, step)
);

-- Workflows that are not over, and what keeps a cleanup from going on.
ALTER TABLE job_workflow ADD COLUMN IF NOT EXISTS held text;
ALTER TABLE job_workflow ADD COLUMN IF NOT EXISTS error text;
CREATE INDEX job_workflow_running ON job_workflow (job_id) WHERE status = 'running';

-- How far each status shard is recorded.
CREATE TABLE status_progress (
  shard integer PRIMARY KEY,
  entry_ms bigint NOT NULL,
  entry_seq bigint NOT NULL
);
