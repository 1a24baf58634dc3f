// Queries that are still being typed: the parts that are whole already.
import type { FieldExpression } from './ast.ts';
import { checkFilter } from './check.ts';
import { TraceQLError } from './errors.ts';
import { type Token, tokenize } from './lexer.ts';
import { parseField } from './parse-field.ts';
import { TokenStream } from './token-stream.ts';

/**
 * The matchers of an unfinished query such as `{ resource.cluster = "eu" && span.http.`: those of the first braces that can
 * be read, joined by `&&`. Undefined if there are none, or if an `||` makes it unsafe to take only some. Never throws
 * for what was typed.
 */
export function parseUnfinished(text: string): FieldExpression | undefined {
  const tokens = readable(text);
  const open = tokens.findIndex((token) => token.type === 'symbol' && token.text === '{');
  if (open < 0) return undefined;
  const close = tokens.findIndex((token, i) => i > open && token.type === 'symbol' && token.text === '}');
  const inside = tokens.slice(open + 1, close < 0 ? undefined : close);
  const isSymbol = (token: Token, symbol: string) => token.type === 'symbol' && token.text === symbol;
  if (inside.some((token) => isSymbol(token, '||'))) return undefined;
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const token of inside) {
    if (isSymbol(token, '(')) depth++;
    if (isSymbol(token, ')')) depth--;
    if (depth === 0 && isSymbol(token, '&&')) parts.push([]);
    else parts.at(-1)!.push(token);
  }
  return parts
    .map(wholeMatcher)
    .filter((part) => part !== undefined)
    .reduce<FieldExpression | undefined>(
      (left, right) => (left ? { node: 'logical', operator: '&&', left, right, at: right.at } : right),
      undefined,
    );
}

function wholeMatcher(part: readonly Token[]): FieldExpression | undefined {
  const last = part.at(-1);
  if (!last) return undefined;
  const tokens = new TokenStream([...part, { type: 'end', text: '', at: last.end, end: last.end }]);
  try {
    const matcher = parseField(tokens);
    checkFilter(matcher);
    // A bare `span.http` is a name that is still being typed, not a test for truth.
    const isName = matcher.node === 'attribute' || matcher.node === 'intrinsic';
    return tokens.current.type === 'end' && !isName ? matcher : undefined;
  } catch (error) {
    if (error instanceof TraceQLError) return undefined;
    throw error;
  }
}

// The tokens of the longest beginning that can be read: cut back to the place of each fault.
function readable(text: string): Token[] {
  const lines = text.split('\n');
  for (;;) {
    try {
      return tokenize(lines.join('\n'));
    } catch (error) {
      if (!(error instanceof TraceQLError)) throw error;
      lines.length = error.line;
      lines[error.line - 1] = lines[error.line - 1]!.slice(0, error.column - 1);
    }
  }
}
