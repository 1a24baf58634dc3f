/**
 * A test for SQL's LIKE: `%` stands for any text, `_` for one character, a backslash takes the next character as it is.
 * Without a pattern everything matches. Runs in time proportional to text times pattern, whatever the pattern.
 */
export function likePattern(pattern: string | undefined): (text: string) => boolean {
  if (pattern === undefined) return () => true;
  const tokens = tokenize(pattern);
  return (text) => matches(tokens, [...text]);
}

type Token =
  | { readonly kind: 'any' }
  | { readonly kind: 'one' }
  | { readonly kind: 'character'; readonly character: string };

function tokenize(pattern: string): Token[] {
  const tokens: Token[] = [];
  const characters = [...pattern];
  for (let i = 0; i < characters.length; i++) {
    let character = characters[i]!;
    if (character === '%') tokens.push({ kind: 'any' });
    else if (character === '_') tokens.push({ kind: 'one' });
    else {
      if (character === '\\' && i + 1 < characters.length) character = characters[++i]!;
      tokens.push({ kind: 'character', character });
    }
  }
  return tokens;
}

function isAt(token: Token, character: string): boolean {
  return token.kind === 'one' || (token.kind === 'character' && token.character === character);
}

/** On a mismatch only the last `%` is tried anew, one character further on. */
function matches(tokens: readonly Token[], text: readonly string[]): boolean {
  let token = 0;
  let position = 0;
  let anyToken = -1;
  let anyPosition = 0;
  while (position < text.length) {
    const current = tokens[token];
    if (current?.kind === 'any') {
      anyToken = token++;
      anyPosition = position;
    } else if (current && isAt(current, text[position]!)) {
      token++;
      position++;
    } else if (anyToken >= 0) {
      token = anyToken + 1;
      position = ++anyPosition;
    } else {
      return false;
    }
  }
  while (tokens[token]?.kind === 'any') token++;
  return token === tokens.length;
}
