-- The trace that led to an event on its way out (W3C traceparent); null where nobody traces.
ALTER TABLE job_outbox ADD COLUMN traceparent text;
