/** Words as one line of shell: quoted where a shell would not read them as they are (as pfcon shows commands). */
export function shellJoin(words: readonly string[]): string {
  return words.map((word) => /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`)
    .join(" ");
}
