/** Shown by `--help`. */
export const USAGE = `Usage: deno task dlq <list|show|requeue|discard> [id …] [options]

Dead letters are entries of the status and log streams that could never be handled. They stay, with their original
bytes and the reason, until somebody puts them back or throws them away.

  list              one line for each letter
  show <id>         all that is known of a letter, and its bytes with what a terminal would hide or obey written out
  requeue           put letters back into the streams they came from, each once, those of a job in order
  discard           throw letters away for good

Which letters (all that is given must hold; requeue and discard want at least one of these, or --all):
  <id> …            ids of letters, as list shows them
  --stream KIND     status or logs (default: both)
  --job ID          of this job
  --reason TEXT     with this text in reason or error
  --origin KEY      from this stream, such as stream:job-logs:3
  --since TIME      dead-lettered at this time or later: 2026-01-15T10:00:00Z, or 90s, 30m, 2h, 7d before now
  --until TIME      dead-lettered before this time
  --limit N         only the first N of each stream (list: 100 unless given; 0 for no limit)
  --after ID        list: only letters after this one
  --all             every letter

How:
  --dry-run         tell what would happen, change nothing
  --with-earlier    requeue: take along earlier letters of the same jobs, which would be overtaken
  --force           requeue: put back also what consumers would not understand (it will be dead-lettered again)
  --yes             discard: do not ask (needed where there is no terminal to ask on)
  --raw             show: the original bytes and nothing else
  --json            one JSON object per line
  --wait SECONDS    give up when Redis has not answered for so long at the beginning (default: 10)

Examples:
  deno task dlq list --stream logs --since 2h
  deno task dlq show 1768478400000-0
  deno task dlq requeue --job my-job-1 --dry-run
  deno task dlq requeue --reason "log store" --since 2026-01-15T10:00:00Z
  deno task dlq discard --reason "not JSON" --yes --json > dropped.jsonl

What was put back or thrown away, and by whom, is told on stderr, one JSON object per line.
Exit code: 0 done; 1 something was refused, not found or not reached; 2 the command line or the settings cannot work.

Settings (environment): REDIS_URL, STREAM_STATUS_DLQ, STREAM_LOGS_DLQ, STREAM_STATUS_BASE, STREAM_LOGS_BASE,
STREAM_NUM_SHARDS, as the workers have them; NO_COLOR for no colours.`;
