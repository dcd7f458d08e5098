/**
 * Containers that print a known number of lines.
 *
 * @module
 */
const TEXT = "the quick brown fox jumps over the lazy dog and then sleeps for a while.";

/** A shell script that prints `count` numbered lines of about 80 bytes as fast as it can. */
export function printFast(count: number): string {
  return `awk 'BEGIN { for (i = 1; i <= ${count}; i++) print i " ${TEXT}" }'`;
}

/** The line that {@linkcode printFast} prints as its `n`th. */
export function lineOf(n: number): string {
  return `${n} ${TEXT}`;
}

/** A shell script that prints `pace` such lines a second, in 50 portions, for `seconds`. */
export function printPaced(pace: number, seconds: number): string {
  const portion = `awk 'BEGIN { for (i = 1; i <= ${pace / 50}; i++) print i " ${TEXT}" }'`;
  return `portion="$(${portion})"; for i in $(seq ${50 * seconds}); do echo "$portion"; usleep 19000; done`;
}
