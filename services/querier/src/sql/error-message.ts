import { nearestName } from './nearest-name.ts';

const candidatesMax = 6;

/** Names that a statement could have meant. */
export interface KnownNames {
  /** Columns of the tables that it reads. */
  readonly columns: readonly string[];
}

/** DuckDB's message in our words, where those say more: the nearest column that there is, and no advice that can't be followed. */
export function plainMessage(
  message: string,
  details: Readonly<Record<string, string>>,
  { columns }: KnownNames,
): string {
  const candidates = (details.candidates ?? '').split(',').filter((name) => name !== '');
  const missing = missingColumn(message);
  if (missing !== undefined) return noColumn(missing, [...columns, ...candidates]);
  const table = /^Referenced table "([^"]*)" not found/.exec(message)?.[1];
  if (table !== undefined) return noTableOf(table, [...columns, ...candidates], message);
  if (/expression depth limit|tree depth/i.test(message)) {
    return `the statement is nested too deeply: ${/limit of (\d+)/.exec(message)?.[1] ?? 1000} levels are allowed`;
  }
  if (message === 'NameListToString NOT IMPLEMENTED') {
    return 'a name has too many parts: at most a catalog, a schema and a table';
  }
  const kept = message
    .replace(/\n+Use "SET [\s\S]*$/, '')
    .replace(/Either add it to the GROUP BY list/, 'either add it to the GROUP BY list');
  return shortened(kept).trim();
}

function missingColumn(message: string): string | undefined {
  const patterns = [
    /^Referenced column "([^"]*)" (?:not found in FROM|was not found)/,
    /^Values list "[^"]*" does not have a column named "([^"]*)"/,
    /^Table "[^"]*" does not have a column named "([^"]*)"/,
    /^Column "([^"]*)" does not exist on (?:left|right) side of join/,
    /^Column "([^"]*)" in (?:EXCLUDE|REPLACE|RENAME) list not found/,
    /^column ([^\s"]+) must appear in the GROUP BY clause/,
    /^Could not find key "([^"]*)" in struct/,
  ];
  for (const pattern of patterns) {
    const found = pattern.exec(message)?.[1];
    if (found !== undefined) return found;
  }
  return undefined;
}

function noColumn(name: string, known: readonly string[]): string {
  const exact = known.find((candidate) => candidate.toLowerCase() === name.toLowerCase());
  // It is there, but not in this place of the statement.
  if (exact !== undefined)
    return `the column ${name} can’t be used here: it must be in GROUP BY, or stand in an aggregate function, or its table in FROM`;
  const nearest = nearestName(name, known);
  const advice =
    nearest === undefined ? '; DESCRIBE names those that a table has' : `; did you mean ${shown(nearest)}?`;
  return `there is no column ${name}${advice}`;
}

/** Columns of attributes have dots in their names: without quotes they look like a table's. */
function noTableOf(name: string, known: readonly string[], message: string): string {
  const column = known.find((candidate) => candidate.toLowerCase().startsWith(`${name.toLowerCase()}.`));
  if (column === undefined) {
    const tables = /Candidate tables: (.*)/.exec(message)?.[1];
    return `there is no table ${name} in FROM${tables === undefined ? '' : `; there is ${tables}`}`;
  }
  return `there is no table ${name} in FROM; columns with a dot in their name are written in double quotes, such as ${shown(column)}`;
}

const shown = (name: string): string => (/^[A-Za-z_]\w*$/.test(name) ? name : `"${name}"`);

/** Without the tail of a long list of candidates. */
function shortened(message: string): string {
  const lines = message.split('\n');
  const first = lines.findIndex((line) => /^\t/.test(line) && !/:$/.test(line));
  if (first < 0 || lines.length - first <= candidatesMax) return message;
  return [...lines.slice(0, first + candidatesMax), '\t…'].join('\n');
}
