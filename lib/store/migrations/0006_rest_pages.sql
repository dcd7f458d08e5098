-- What the REST API reads in pages costs in proportion to the page, however many jobs there are (http.md).

-- Lists of jobs, newest first: of all, and of those in one status.
CREATE INDEX job_workflow_newest ON job_workflow (created_at, job_id COLLATE "C");
CREATE INDEX job_workflow_newest_of_status ON job_workflow (status, created_at, job_id COLLATE "C");

-- Searching for a text within a job's id or image. Every three characters in a row are a key of the index, so a text
-- is only where all of its own threes are. (The extension pg_trgm does the same, but not every server may have it.)
CREATE FUNCTION job_search_text(job_id text, params jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT lower(job_id || E'\n' || COALESCE(params ->> 'image', '')) $$;

CREATE FUNCTION job_search_threes(searched text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 10000
AS $$
DECLARE
  threes text[] := '{}';
BEGIN
  FOR at IN 1 .. length(searched) - 2 LOOP
    threes[at] := substr(searched, at, 3);
  END LOOP;
  RETURN threes;
END $$;

CREATE INDEX job_workflow_threes ON job_workflow
USING gin (job_search_threes(job_search_text(job_id, params)) COLLATE "C");

-- Confirmations in an order that readers can rely on. Numbers given while writing would not do: a transaction that
-- began earlier may commit later, and a reader would already be past its number. So a confirmation is written without
-- one, and gets the next number once it is committed, by whoever reads first; one at a time, under the counter's lock.
CREATE TABLE job_confirmation (
  id bigserial PRIMARY KEY,
  seq bigint UNIQUE,
  event jsonb NOT NULL
);
CREATE INDEX job_confirmation_unnumbered ON job_confirmation (id) WHERE seq IS NULL;

-- One row: the last number given. Numbers begin at the time of the database's making (in microseconds), so that a
-- reader that comes with a number from an earlier database misses nothing in this one.
CREATE TABLE confirmation_counter (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  last bigint NOT NULL
);
INSERT INTO confirmation_counter (last) VALUES ((extract(epoch FROM clock_timestamp()) * 1000000)::bigint);

-- In the database, so that workers of the last release, which may run beside this one for a while, do it too.
CREATE FUNCTION keep_confirmation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO job_confirmation (event) VALUES (NEW.event);
  RETURN NULL;
END $$;
CREATE TRIGGER job_outbox_confirmation AFTER INSERT ON job_outbox
FOR EACH ROW WHEN (NEW.stream = 'status') EXECUTE FUNCTION keep_confirmation();

INSERT INTO job_confirmation (event) SELECT event FROM job_outbox WHERE stream = 'status' ORDER BY id;
