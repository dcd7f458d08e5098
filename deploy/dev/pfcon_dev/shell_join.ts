/** One line that a POSIX shell would split into `words` again; words are quoted only where they must be. */
export function shellJoin(words: readonly string[]): string {
  return words.map((word) => {
    if (word !== "" && !/[^A-Za-z0-9_@%+=:,./-]/.test(word)) return word;
    return `'${word.replaceAll("'", `'"'"'`)}'`;
  }).join(" ");
}
