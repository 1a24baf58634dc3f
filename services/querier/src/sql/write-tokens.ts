/** A word, a name, a literal or a sign of an SQL text. Blanks and comments are none. */
export interface Token {
  readonly kind: 'word' | 'quoted' | 'text' | 'number' | 'parameter' | 'sign';
  /** As it stands in the text. */
  readonly text: string;
  /** Offsets in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  /** How many parentheses, brackets and braces it stands in. */
  readonly depth: number;
}

const pattern =
  /(?<blank>\s+|--[^\n]*|\/\*)|(?<text>[eE]?'(?:[^']|'')*'|\$(?<tag>\w*)\$[\s\S]*?\$\k<tag>\$)|(?<quoted>"(?:[^"]|"")*")|(?<parameter>\?\d*|\$\w+)|(?<number>\d[\w.]*)|(?<word>[\p{L}_][\p{L}\p{N}_$]*)|(?<sign>[\s\S])/uy;

/** The tokens of a text. What DuckDB would refuse, such as text without an end, comes out as signs: DuckDB says what is wrong with it. */
export function tokensOf(sql: string): Token[] {
  const tokens: Token[] = [];
  let depth = 0;
  for (let at = 0; at < sql.length; ) {
    pattern.lastIndex = at;
    const { 0: text, groups } = pattern.exec(sql)!;
    const start = at;
    at += text.length;
    if (groups!.blank !== undefined) {
      if (text === '/*') at = commentEnd(sql, start);
      continue;
    }
    const kind = (['text', 'quoted', 'parameter', 'number', 'word'] as const).find(
      (name) => groups![name] !== undefined,
    );
    if (')]}'.includes(text)) depth--;
    tokens.push({ kind: kind ?? 'sign', text, start, end: at, depth });
    if ('([{'.includes(text)) depth++;
  }
  return tokens;
}

/** Comments may stand in comments. */
function commentEnd(sql: string, start: number): number {
  let open = 0;
  for (const { 0: sign, index } of sql.slice(start).matchAll(/\/\*|\*\//g)) {
    open += sign === '/*' ? 1 : -1;
    if (open === 0) return start + index + 2;
  }
  return sql.length;
}

/** Whether a token is one of some keywords, given in capitals. */
export const isWord = (token: Token | undefined, ...words: readonly string[]): boolean =>
  token?.kind === 'word' && words.includes(token.text.toUpperCase());
