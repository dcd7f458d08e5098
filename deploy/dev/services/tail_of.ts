/** The last `lines` lines of a text file, of which at most 16 KiB are read; empty if there is no such file. */
export async function tailOf(path: string, lines: number): Promise<string> {
  try {
    using file = await Deno.open(path);
    const { size } = await file.stat();
    await file.seek(Math.max(0, size - BYTES), Deno.SeekMode.Start);
    const text = await new Response(file.readable).text();
    return text.trimEnd().split("\n").slice(-lines).join("\n");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

const BYTES = 16 * 1024;
