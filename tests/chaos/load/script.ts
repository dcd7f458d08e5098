/**
 * A shell script and what it writes, made side by side, so that what must be seen is known without running it.
 *
 * Long lines are ASCII: Docker's `json-file` cuts at 16 KiB, and a character cut in two is lost to everyone.
 *
 * @module
 */

/** A stream of a process. */
export type Output = "stdout" | "stderr";

/** Every line names its job, stream and number, so that no two are equal. For a busybox shell. */
export class Script {
  readonly stdout: string[] = [];
  readonly stderr: string[] = [];
  readonly #commands: string[] = [];
  readonly #jobId: string;

  constructor(jobId: string) {
    this.#jobId = jobId;
  }

  /** The script's text. */
  get text(): string {
    return this.#commands.join("\n");
  }

  /** Lines as fast as the shell can, or one each `pauseMs`. */
  count(output: Output, lines: number, pauseMs = 0): this {
    const from = this[output].length + 1;
    const to = from + lines - 1;
    for (let number = from; number <= to; number++) this[output].push(this.#head(output, number));
    const pause = pauseMs > 0 ? `; sleep ${pauseMs / 1000}` : "";
    const echo = `echo "${this.#jobId} ${output} $i"${pause}`;
    return this.#do(output, `i=${from}; while [ $i -le ${to} ]; do ${echo}; i=$((i+1)); done`);
  }

  /** One line with `rest` behind its number; no `'` in it. `newline`: false for a line that ends with the process. */
  say(output: Output, rest: string, newline = true): this {
    const line = `${this.#head(output, this[output].length + 1)} ${rest}`;
    this[output].push(line);
    return this.#do(output, `printf '%s${newline ? "\\n" : ""}' '${line}'`);
  }

  /** A line of `bytes` bytes, its newline not counted. */
  long(output: Output, bytes: number, filler = "x"): this {
    const head = `${this.#head(output, this[output].length + 1)} `;
    const rest = Math.max(0, bytes - head.length);
    this[output].push(head + filler.repeat(rest));
    return this.#do(
      output,
      `{ printf '%s' '${head}'; head -c ${rest} /dev/zero | tr '\\0' '${filler}'; echo; }`,
    );
  }

  /** An empty line. */
  empty(output: Output): this {
    this[output].push("");
    return this.#do(output, "echo");
  }

  /** A progress bar: one line that overwrites itself. */
  progress(output: Output, steps: number): this {
    const head = this.#head(output, this[output].length + 1);
    const states = Array.from({ length: steps }, (_, step) => `${head} ${step + 1}/${steps}`);
    this[output].push(states.join("\r"));
    return this.#do(output, `printf '%s\\n' "$(printf '${states.join("\\r")}')"`);
  }

  /** Nothing for a while. */
  pause(ms: number): this {
    this.#commands.push(`sleep ${ms / 1000}`);
    return this;
  }

  /** Something that writes nothing, such as the script's end. */
  then(command: string): this {
    this.#commands.push(command);
    return this;
  }

  #head(output: Output, number: number): string {
    return `${this.#jobId} ${output} ${number}`;
  }

  #do(output: Output, command: string): this {
    this.#commands.push(output === "stderr" ? `${command} >&2` : command);
    return this;
  }
}
