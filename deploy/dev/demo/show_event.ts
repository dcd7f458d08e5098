import type { JobEvent } from "./follow_job.ts";
import { harmless, type Style, type Terminal } from "./terminal.ts";

/** The line that people see for an event, or null for one that is for programs only. */
export function showEvent({ kind, data }: JobEvent, terminal: Terminal): string | null {
  const field = (name: string) => harmless(String(data[name] ?? ""));
  const time = terminal.style("dim", clock(field("timestamp")));
  const label = (text: string, style: Style) => terminal.style(style, text.padEnd(9));
  switch (kind) {
    case "logs":
      if (data.eos) return null;
      return `  ${time} ${label("log", "dim")} ${field("job_type").padEnd(8)} ${terminal.style("dim", "|")} ${
        field("line")
      }`;
    case "status": {
      const status = field("status");
      const code = data.exit_code === null || data.exit_code === undefined
        ? ""
        : `, exit code ${field("exit_code")}`;
      return `  ${time} ${label("status", "cyan")} ${field("job_type").padEnd(8)} ${
        terminal.style(colour(status), status)
      }${code}`;
    }
    case "workflow": {
      const state = `${field("current_step_status")}; workflow ${
        terminal.style(colour(field("workflow_status")), field("workflow_status"))
      }`;
      const error = data.error ? ` (${field("error")})` : "";
      return `  ${time} ${label("workflow", "magenta")} ${field("current_step").padEnd(8)} ${state}${error}`;
    }
    case "gap":
      return `  ${time} ${label("gap", "red")} ${field("reason")}`;
  }
}

function colour(status: string): Style {
  if (/success/i.test(status)) return "green";
  return /error|fail|undefined|cancel/i.test(status) ? "red" : "yellow";
}

/** The time of day of an ISO time with seconds and milliseconds, in UTC; blanks if there is none. */
function clock(timestamp: string): string {
  const match = /T(\d\d:\d\d:\d\d)(\.\d{1,3})?/.exec(timestamp);
  return match ? `${match[1]}${(match[2] ?? ".").padEnd(4, "0")}` : " ".repeat(12);
}
