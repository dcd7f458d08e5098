-- What tells the relay that Redis has lost what went out (G6, G14): each publication has a number, which is written
-- to Redis together with its events. A Redis whose number is lower than the one noted here has gone back in time.

ALTER TABLE job_outbox ADD COLUMN publication bigint;
CREATE INDEX job_outbox_publication ON job_outbox (publication);

-- One row: the last publication that is known to be in Redis.
CREATE TABLE relay_progress (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  publication bigint NOT NULL
);

-- Never used twice, not even by a database made anew beside the same Redis: numbers begin at the time of its
-- making (in microseconds).
CREATE SEQUENCE relay_publication;
DO $$ BEGIN
  EXECUTE format('ALTER SEQUENCE relay_publication RESTART WITH %s',
    (extract(epoch FROM clock_timestamp()) * 1000000)::bigint);
END $$;
