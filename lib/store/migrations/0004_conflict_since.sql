-- Since when pfcon has said nothing but "not possible yet" to a step's order (409); null while it says something else.

ALTER TABLE job_step ADD COLUMN IF NOT EXISTS conflict_since timestamptz;
