-- Cancelling and retrying.

-- cancelled_at: when somebody asked for the workflow to be cancelled; its status stays `running` until it has come to
-- its end in an orderly way, as readers of the reference's table expect. attempt: 1, and one more with each retry.
-- told_before: the highest id in job_status_history when the attempt began. A container that is told of at or before
-- it is one of an earlier attempt, whatever is told of it later.
ALTER TABLE job_workflow ADD COLUMN IF NOT EXISTS cancelled_at timestamptz;
ALTER TABLE job_workflow ADD COLUMN IF NOT EXISTS attempt integer NOT NULL DEFAULT 1;
ALTER TABLE job_workflow ADD COLUMN IF NOT EXISTS told_before bigint;

-- When pfcon was first told to stop a step's container.
ALTER TABLE job_step ADD COLUMN IF NOT EXISTS stopped_at timestamptz;

-- The steps of attempts that are over; those of the last attempt stand in job_step.
CREATE TABLE job_past_step (
  job_id text NOT NULL,
  attempt integer NOT NULL,
  step text NOT NULL,
  outcome text,
  exit_code integer,
  reason jsonb,
  begun_at timestamptz NOT NULL,
  ordered_at timestamptz,
  ended_at timestamptz,
  start_attempts integer NOT NULL,
  last_error text,
  stopped_at timestamptz,
  PRIMARY KEY (job_id, attempt, step)
);

-- Who had a job cancelled or retried, when, why, and in which attempt and step it found the job. Only what took
-- effect is here: asking again for the same changes nothing.
CREATE TABLE job_control (
  id bigserial PRIMARY KEY,
  job_id text NOT NULL,
  attempt integer NOT NULL,
  step text NOT NULL,
  action text NOT NULL CHECK (action IN ('cancel', 'retry')),
  requested_by text,
  reason text,
  requested_at timestamptz NOT NULL
);
CREATE INDEX job_control_job ON job_control (job_id, id);
