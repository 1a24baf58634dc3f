import { type Position, TraceQLError } from './errors.ts';
import type { Token } from './lexer.ts';

// Bounds the recursion of everything that walks a tree, so that no text can exhaust the stack.
const nestingMax = 200;

/** A cursor over tokens, with the few moves that recursive descent needs. */
export class TokenStream {
  readonly #tokens: readonly Token[];
  #index = 0;
  #nesting = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get current(): Token {
    return this.#tokens[this.#index]!;
  }

  peek(ahead = 1): Token {
    return this.#tokens[Math.min(this.#index + ahead, this.#tokens.length - 1)]!;
  }

  next(): Token {
    const token = this.current;
    if (token.type !== 'end') this.#index++;
    return token;
  }

  /** Whether the current token is this symbol or word (a string "(" is neither). */
  is(text: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return (token.type === 'symbol' || token.type === 'word') && token.text === text;
  }

  take(text: string): boolean {
    if (!this.is(text)) return false;
    this.#index++;
    return true;
  }

  expect(text: string, why = ''): Token {
    if (!this.is(text)) this.unexpected(`expected ${JSON.stringify(text)}${why}`);
    return this.next();
  }

  /** Takes the current symbol if it is one of these. */
  takeOne<T extends string>(texts: readonly T[]): T | undefined {
    if (this.current.type !== 'symbol') return undefined;
    const found = texts.find((text) => text === this.current.text);
    if (found) this.#index++;
    return found;
  }

  unexpected(expected: string): never {
    const { type, text, at } = this.current;
    throw new TraceQLError(
      'PARSE',
      at,
      `${type === 'end' ? 'unexpected end of the query' : `unexpected ${text}`}, ${expected}`,
    );
  }

  fail(reason: string, at: Position): never {
    throw new TraceQLError('PARSE', at, reason);
  }

  /** Runs `parse` one level deeper. */
  nested<T>(parse: () => T): T {
    if (++this.#nesting > nestingMax) this.fail(`nested deeper than ${nestingMax} levels`, this.current.at);
    const result = parse();
    this.#nesting--;
    return result;
  }
}
