/** A piece of a script. */
export interface LuaToken {
  readonly kind: "name" | "number" | "text" | "sign" | "end";
  readonly value: string;
}

const TOKEN =
  /\s+|--[^\n]*|([A-Za-z_]\w*)|(\d+(?:\.\d+)?)|'((?:[^'\\]|\\.)*)'|(==|~=|<=|>=|\.\.|[-+*/%#<>=(){}[\],.;])/y;

/** Splits a script into names, numbers, texts and signs. @throws {SyntaxError} at a piece that it does not know. */
export function luaTokens(script: string): LuaToken[] {
  const tokens: LuaToken[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < script.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(script);
    if (!match) throw new SyntaxError(`Cannot read the script at "${script.slice(at, at + 20)}"`);
    const [, name, number, text, sign] = match;
    if (name !== undefined) tokens.push({ kind: "name", value: name });
    else if (number !== undefined) tokens.push({ kind: "number", value: number });
    else if (text !== undefined) tokens.push({ kind: "text", value: text.replace(/\\(.)/g, "$1") });
    else if (sign !== undefined) tokens.push({ kind: "sign", value: sign });
  }
  return [...tokens, { kind: "end", value: "end of script" }];
}
