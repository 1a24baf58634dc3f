import { type Position, TraceQLError } from './errors.ts';

/** One word of a query. `text` is what was written; `value` what it means where that differs. */
export type Token = { readonly at: Position; readonly end: Position; readonly text: string } & (
  | { readonly type: 'word' | 'symbol' | 'end' }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'int' | 'duration'; readonly value: bigint }
  | { readonly type: 'float'; readonly value: number }
  /** `scope` as written: empty for `.name`. `name` without quotes. */
  | { readonly type: 'attribute'; readonly scope: string; readonly name: string }
  /** `span:duration` and the like. */
  | { readonly type: 'scopedIntrinsic'; readonly value: string }
);

type Bare<T> = T extends unknown ? Omit<T, 'at' | 'end' | 'text'> : never;

const attributeScopes = new Set(['', 'resource', 'span', 'event', 'link', 'instrumentation', 'parent']);
const intrinsicScopes = new Set(['span', 'trace', 'event', 'link', 'instrumentation']);
// Longest first, so that `&>>` isn't read as `&>` and `>`.
const symbols = [
  '!>>',
  '!<<',
  '&>>',
  '&<<',
  '!>',
  '!<',
  '&>',
  '&<',
  '!~',
  '&~',
  '>>',
  '<<',
  '&&',
  '||',
  '>=',
  '<=',
  '!=',
  '=~',
].concat([...'{}(),|=<>!~+-*/%^']);
const nsPerUnit = new Map([
  ['ns', 1],
  ['us', 1e3],
  ['µs', 1e3],
  ['μs', 1e3],
  ['ms', 1e6],
  ['s', 1e9],
  ['m', 60e9],
  ['h', 3600e9],
  ['d', 86_400e9],
]);
const number = /[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?/y;
const duration = /(?:[0-9]+(?:\.[0-9]+)?(?:ns|us|µs|μs|ms|s|m|h|d))+/y;
const durationPart = /([0-9]+(?:\.[0-9]+)?)(ns|us|µs|μs|ms|s|m|h|d)/g;
const word = /[A-Za-z_][A-Za-z0-9_]*/y;
// What ends an attribute's name; everything else, such as - / : @, may stand in it.
const attributePart = /[^\s{}()=~!<>&|^,"`]+/y;
const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
};

/** Cuts a query into tokens, ending with one of type `end`. Throws {@link TraceQLError}. */
export function tokenize(text: string): Token[] {
  return new Lexer(text).all();
}

class Lexer {
  readonly #text: string;
  #offset = 0;
  #line = 1;
  #lineStart = 0;

  constructor(text: string) {
    this.#text = text;
  }

  all(): Token[] {
    const tokens: Token[] = [];
    for (;;) {
      this.#skipSpace();
      const at = this.#here();
      const from = this.#offset;
      const bare = this.#next();
      tokens.push({ ...bare, at, end: this.#here(), text: this.#text.slice(from, this.#offset) } as Token);
      if (bare.type === 'end') return tokens;
    }
  }

  #here(): Position {
    return { line: this.#line, column: this.#offset - this.#lineStart + 1 };
  }

  #fail(reason: string, at: Position = this.#here()): never {
    throw new TraceQLError('PARSE', at, reason);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#offset;
    const found = pattern.exec(this.#text)?.[0];
    if (found) this.#offset += found.length;
    return found;
  }

  #skipSpace(): void {
    for (;;) {
      const c = this.#text[this.#offset];
      if (c === '\n') {
        this.#line++;
        this.#lineStart = this.#offset + 1;
      } else if (c === '/' && this.#text[this.#offset + 1] === '/') {
        const end = this.#text.indexOf('\n', this.#offset);
        this.#offset = end < 0 ? this.#text.length : end;
        continue;
      } else if (c === undefined || !/\s/.test(c)) {
        return;
      }
      this.#offset++;
    }
  }

  #next(): Bare<Token> {
    const c = this.#text[this.#offset];
    if (c === undefined) return { type: 'end' };
    if (c === '"' || c === '`') return { type: 'string', value: this.#string(c) };
    if (/[0-9]/.test(c) || (c === '.' && /[0-9]/.test(this.#text[this.#offset + 1] ?? ''))) return this.#number();
    if (c === '.') return this.#attribute('');
    const found = this.#match(word);
    if (found) return this.#afterWord(found);
    const symbol = symbols.find((s) => this.#text.startsWith(s, this.#offset));
    if (!symbol)
      this.#fail(`unexpected ${JSON.stringify(String.fromCodePoint(this.#text.codePointAt(this.#offset)!))}`);
    this.#offset += symbol.length;
    return { type: 'symbol' };
  }

  #afterWord(found: string): Bare<Token> {
    const next = this.#text[this.#offset];
    if (next === '.' && attributeScopes.has(found)) return this.#attribute(found);
    if (next === ':' && intrinsicScopes.has(found)) {
      this.#offset++;
      const name = this.#match(word);
      if (!name) this.#fail(`a field is missing after ${found}:`);
      return { type: 'scopedIntrinsic', value: `${found}:${name}` };
    }
    return { type: 'word' };
  }

  #attribute(scope: string): Bare<Token> {
    const at = this.#here();
    this.#offset++; // the dot
    let name = '';
    for (;;) {
      const quote = this.#text[this.#offset];
      const part = quote === '"' || quote === '`' ? this.#string(quote) : this.#match(attributePart);
      if (part === undefined) break;
      name += part;
    }
    if (!name) this.#fail('an attribute name is missing after the dot', at);
    return { type: 'attribute', scope, name };
  }

  #number(): Bare<Token> {
    const at = this.#here();
    const spelled = this.#match(duration);
    if (spelled && !/[A-Za-z0-9_.]/.test(this.#text[this.#offset] ?? '')) {
      let ns = 0n;
      for (const [, count, unit] of spelled.matchAll(durationPart)) {
        const perUnit = nsPerUnit.get(unit!)!;
        ns += count!.includes('.') ? BigInt(Math.round(Number(count) * perUnit)) : BigInt(count!) * BigInt(perUnit);
      }
      return { type: 'duration', value: ns };
    }
    if (spelled) this.#offset -= spelled.length;
    const found = this.#match(number)!;
    if (/[A-Za-z_]/.test(this.#text[this.#offset] ?? ''))
      this.#fail(`"${found}${this.#match(word)}" is neither a number nor a duration`, at);
    return /^[0-9]+$/.test(found) ? { type: 'int', value: BigInt(found) } : { type: 'float', value: Number(found) };
  }

  #string(quote: string): string {
    const at = this.#here();
    let value = '';
    for (this.#offset++; ; this.#offset++) {
      const c = this.#text[this.#offset];
      if (c === undefined) this.#fail(`the string is not closed by ${quote}`, at);
      if (c === quote) break;
      if (c === '\n') {
        if (quote === '"') this.#fail('a line break in a string: write \\n', at);
        this.#line++;
        this.#lineStart = this.#offset + 1;
      }
      value += c === '\\' && quote === '"' ? this.#escape() : c;
    }
    this.#offset++;
    return value;
  }

  /** Stands on the backslash, ends on the escape's last character. */
  #escape(): string {
    const c = this.#text[++this.#offset] ?? '';
    const length = { x: 2, u: 4, U: 8 }[c];
    if (length) {
      const digits = this.#text.slice(this.#offset + 1, this.#offset + 1 + length);
      const code = /^[0-9a-fA-F]+$/.test(digits) && digits.length === length ? Number.parseInt(digits, 16) : Number.NaN;
      if (!(code <= 0x10ffff)) this.#fail(`bad escape \\${c}${digits}`);
      this.#offset += length;
      return String.fromCodePoint(code);
    }
    return escapes[c] ?? this.#fail(`unknown escape \\${c}`);
  }
}
