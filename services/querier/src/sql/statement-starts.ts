const parts =
  /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$)|\$(\w*)\$[\s\S]*?(?:\$\1\$|$)|;|\s+|[^\s;'"$/-]+|[$/-]/g;

/** Where the statements of a text begin, as offsets in UTF-16 units. Blanks, comments and lone semicolons begin none. */
export function statementStarts(sql: string): number[] {
  const starts: number[] = [];
  let isBetween = true;
  for (const { 0: part, index } of sql.matchAll(parts)) {
    if (part === ';') isBetween = true;
    else if (isBetween && !/^(?:\s|--|\/\*)/.test(part)) {
      starts.push(index);
      isBetween = false;
    }
  }
  return starts;
}
