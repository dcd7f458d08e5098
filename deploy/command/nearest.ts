/** The known word that a mistyped one was most likely meant to be; null if none is near. Pure. */
export function nearest(word: string, known: readonly string[]): string | null {
  const best = known.map((candidate) => ({ candidate, edits: edits(word, candidate) }))
    .sort((a, b) => a.edits - b.edits)[0];
  return best && best.edits <= Math.max(1, Math.floor(best.candidate.length / 3)) ? best.candidate : null;
}

/** Characters to add, drop, change or swap with their neighbour on the way from one word to the other. */
function edits(from: string, to: string): number {
  // Nobody mistypes a command by so much.
  if (Math.abs(from.length - to.length) > 3) return Infinity;
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, at) => at)];
  const cell = (row: number, column: number) => rows[row]?.[column] ?? Infinity;
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= to.length; j++) {
      const change = from[i - 1] === to[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      row.push(Math.min(
        cell(i - 1, j) + 1,
        cell(i, j - 1) + 1,
        cell(i - 1, j - 1) + change,
        swapped ? cell(i - 2, j - 2) + 1 : Infinity,
      ));
    }
  }
  return cell(from.length, to.length);
}
