import type { Command } from "./command.ts";
import { cancel, retry } from "./control.ts";
import { dlq } from "./dlq.ts";
import { list } from "./list.ts";
import { logs } from "./logs.ts";
import { metrics } from "./metrics.ts";
import { run } from "./run.ts";
import { status } from "./status.ts";
import { watch } from "./watch.ts";

/** All commands, in the order in which they are likely to be wanted. */
export const COMMANDS: readonly Command[] = [run, watch, logs, status, list, cancel, retry, dlq, metrics];
