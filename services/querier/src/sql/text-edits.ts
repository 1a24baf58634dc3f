/** A piece of a text to be replaced. Offsets and lengths are bytes of UTF-8. */
export interface TextEdit {
  readonly offset: number;
  readonly length: number;
  /** Not longer than the piece: the rest is filled with blanks, so that places after it stay. */
  readonly text: string;
}

/** Applies edits, none of which overlap. */
export function editText(text: string, edits: readonly TextEdit[]): string {
  const bytes = Buffer.from(text);
  for (const { offset, length, text: replacement } of edits) {
    const kept = Buffer.from(replacement);
    if (kept.length > length) throw new Error(`no room for ${replacement}`);
    bytes.fill(' ', offset, offset + length);
    kept.copy(bytes, offset);
  }
  return bytes.toString();
}

const identifier = '(?:"(?:[^"]|"")*"|[^\\s."(),;]+)';

/** The length in bytes of so many parts of a qualified name, from an offset on, the last dot included if `withDot`. */
export function nameLength(text: string, offset: number, parts: number, withDot: boolean): number | undefined {
  const dotted = `${identifier}\\s*\\.\\s*`;
  const pattern = withDot ? `^(?:${dotted}){${parts}}` : `^(?:${dotted}){${parts - 1}}${identifier}`;
  const found = new RegExp(pattern).exec(Buffer.from(text).subarray(offset).toString());
  return found === null ? undefined : Buffer.byteLength(found[0]);
}
