/**
 * The part of Lua that our Redis scripts are written in, so that tests over the model run the very scripts that
 * Redis runs: locals and assignments, `if`, numeric `for`, `return`, calls, lists, and the usual operators.
 *
 * @module
 */
import {
  binary,
  call,
  isTrue,
  lengthOf,
  type LuaNames,
  type LuaValue,
  number,
  valueAt,
} from "./lua_value.ts";
import { type LuaToken, luaTokens } from "./lua_tokens.ts";

type Scope = Map<string, LuaValue>;
type Expression = (scope: Scope) => LuaValue;
/** Undefined unless the script returns here. */
type Statement = (scope: Scope) => LuaValue | undefined;

/** Reads a script; the function runs it with the given globals. @throws {SyntaxError} for Lua beyond that part. */
export function luaScript(text: string): (globals: LuaNames) => LuaValue {
  const parser = new Parser(luaTokens(text));
  const body = parser.block();
  parser.expect("end of script");
  return (globals) => body(new Map(Object.entries(globals))) ?? null;
}

const PRECEDENCE: readonly (readonly string[])[] = [
  ["or"],
  ["and"],
  ["==", "~=", "<", ">", "<=", ">="],
  [".."],
  ["+", "-"],
  ["*", "/", "%"],
];

class Parser {
  readonly #tokens: readonly LuaToken[];
  #at = 0;

  constructor(tokens: readonly LuaToken[]) {
    this.#tokens = tokens;
  }

  expect(value: string): void {
    if (!this.#accept(value)) throw new SyntaxError(`Cannot read "${this.#next.value}": expected "${value}"`);
  }

  block(): Statement {
    const statements: Statement[] = [];
    while (!["end", "else", "elseif", "end of script"].includes(this.#next.value)) {
      statements.push(this.#statement());
      this.#accept(";");
    }
    return (scope) => {
      for (const statement of statements) {
        const result = statement(scope);
        if (result !== undefined) return result;
      }
      return undefined;
    };
  }

  #statement(): Statement {
    if (this.#accept("local")) return this.#assignment(this.#name());
    if (this.#accept("if")) return this.#if();
    if (this.#accept("for")) return this.#for();
    if (this.#accept("return")) {
      const value = this.#isBlockEnd() ? () => null : this.#expression();
      return (scope) => value(scope);
    }
    if (this.#tokens[this.#at + 1]?.value === "=") return this.#assignment(this.#name());
    const call = this.#expression();
    return (scope) => void call(scope);
  }

  #assignment(name: string): Statement {
    this.expect("=");
    const value = this.#expression();
    return (scope) => void scope.set(name, value(scope));
  }

  #if(): Statement {
    const condition = this.#expression();
    this.expect("then");
    const yes = this.block();
    const no = this.#accept("elseif") ? this.#if() : this.#accept("else") ? this.#closed() : this.#closing();
    return (scope) => isTrue(condition(scope)) ? yes(scope) : no(scope);
  }

  #for(): Statement {
    const name = this.#name();
    this.expect("=");
    const [from, to, step = () => 1] = this.#list();
    if (!from || !to) throw new SyntaxError(`Cannot read the loop over "${name}": expected from, to`);
    this.expect("do");
    const body = this.#closed();
    return (scope) => {
      const [last, by] = [number(to(scope)), number(step(scope))];
      for (let i = number(from(scope)); by > 0 ? i <= last : i >= last; i += by) {
        const result = body(scope.set(name, i));
        if (result !== undefined) return result;
      }
      return undefined;
    };
  }

  #closed(): Statement {
    const body = this.block();
    this.expect("end");
    return body;
  }

  #closing(): Statement {
    this.expect("end");
    return () => undefined;
  }

  #list(): Expression[] {
    const items = [this.#expression()];
    while (this.#accept(",")) items.push(this.#expression());
    return items;
  }

  #expression(level = 0): Expression {
    const operators = PRECEDENCE[level];
    if (!operators) return this.#unary();
    let left = this.#expression(level + 1);
    for (;;) {
      const operator = operators.find((sign) => this.#accept(sign));
      if (operator === undefined) return left;
      const [one, other] = [left, this.#expression(level + 1)];
      left = (scope) => binary(operator, () => one(scope), () => other(scope));
    }
  }

  #unary(): Expression {
    for (const operator of ["not", "#", "-"]) {
      if (!this.#accept(operator)) continue;
      const operand = this.#unary();
      if (operator === "not") return (scope) => !isTrue(operand(scope));
      return operator === "-" ? (scope) => -number(operand(scope)) : (scope) => lengthOf(operand(scope));
    }
    return this.#suffixed(this.#primary());
  }

  #primary(): Expression {
    const { kind, value } = this.#next;
    this.#at++;
    if (kind === "number") return () => Number(value);
    if (kind === "text") return () => value;
    if (value === "nil") return () => null;
    if (value === "true" || value === "false") return () => value === "true";
    if (kind === "name") return (scope) => scope.get(value) ?? null;
    if (value === "(") {
      const inner = this.#expression();
      this.expect(")");
      return inner;
    }
    if (value !== "{") throw new SyntaxError(`Cannot read "${value}": expected a value`);
    if (this.#accept("}")) return () => [];
    const items = this.#list();
    this.expect("}");
    return (scope) => items.map((item) => item(scope));
  }

  #suffixed(base: Expression): Expression {
    if (this.#accept(".")) {
      const name = this.#name();
      return this.#suffixed((scope) => valueAt(base(scope), name));
    }
    if (this.#accept("[")) {
      const key = this.#expression();
      this.expect("]");
      return this.#suffixed((scope) => valueAt(base(scope), key(scope)));
    }
    if (!this.#accept("(")) return base;
    const args = this.#accept(")") ? [] : this.#list();
    if (args.length > 0) this.expect(")");
    return this.#suffixed((scope) => call(base(scope), args.map((arg) => arg(scope))));
  }

  #name(): string {
    const { kind, value } = this.#next;
    if (kind !== "name") throw new SyntaxError(`Cannot read "${value}": expected a name`);
    this.#at++;
    return value;
  }

  #isBlockEnd(): boolean {
    return ["end", "else", "elseif", "end of script"].includes(this.#next.value);
  }

  #accept(value: string): boolean {
    if (this.#next.value !== value || this.#next.kind === "text") return false;
    this.#at++;
    return true;
  }

  get #next(): LuaToken {
    return this.#tokens[this.#at] ?? { kind: "end", value: "end of script" };
  }
}
