const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;

/** Colours that commands use. */
export type Colour = keyof typeof CODES;

/** Puts text in a colour, where there are colours. */
export type Paint = (colour: Colour, text: string) => string;

/** Paints, or leaves text as it is. */
export function painter(colours: boolean): Paint {
  return (colour, text) => colours ? `\x1b[${CODES[colour]}m${text}\x1b[0m` : text;
}
