/** One thing in an archive. Paths are relative, without a slash at either end. */
export type TarEntry =
  | { readonly path: string; readonly mode?: number; readonly content: Uint8Array }
  | { readonly path: string; readonly mode?: number; readonly directory: true }
  | { readonly path: string; readonly link: string };

/**
 * A tar archive (POSIX ustar) of the entries, all owned by root and dated 1970. Pure.
 *
 * @throws {RangeError} if a path or link target is longer than 100 bytes.
 */
export function tarArchive(entries: readonly TarEntry[]): Uint8Array<ArrayBuffer> {
  const blocks = entries.flatMap((entry) => {
    const content = "content" in entry ? entry.content : new Uint8Array();
    return [header(entry, content.length), content, new Uint8Array(-content.length & (BLOCK - 1))];
  });
  blocks.push(new Uint8Array(2 * BLOCK));
  const archive = new Uint8Array(blocks.reduce((sum, block) => sum + block.length, 0));
  let at = 0;
  for (const block of blocks) {
    archive.set(block, at);
    at += block.length;
  }
  return archive;
}

const BLOCK = 512;

function header(entry: TarEntry, size: number): Uint8Array {
  const block = new Uint8Array(BLOCK);
  const put = (at: number, length: number, text: string) => {
    const bytes = new TextEncoder().encode(text);
    if (bytes.length > length) throw new RangeError(`Cannot archive "${text}": longer than ${length} bytes`);
    block.set(bytes, at);
  };
  const octal = (at: number, length: number, value: number) => {
    put(at, length, value.toString(8).padStart(length - 1, "0"));
  };
  const directory = "directory" in entry;
  put(0, 100, directory ? `${entry.path}/` : entry.path);
  octal(100, 8, "link" in entry ? 0o777 : entry.mode ?? (directory ? 0o755 : 0o644));
  octal(108, 8, 0);
  octal(116, 8, 0);
  octal(124, 12, size);
  octal(136, 12, 0);
  put(148, 8, "        ");
  put(156, 1, directory ? "5" : "link" in entry ? "2" : "0");
  if ("link" in entry) put(157, 100, entry.link);
  put(257, 8, "ustar\x0000");
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(148, 8, `${sum.toString(8).padStart(6, "0")}\0 `);
  return block;
}
