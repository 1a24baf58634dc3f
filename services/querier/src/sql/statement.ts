import { DuckDbError, type SyntaxTree } from '@signaldb/duckdb';
import { GrpcError, Status } from '@signaldb/grpc';
import { catalogName } from './catalog-name.ts';
import { isFunctionRefused, isTableFunctionAllowed } from './function-rules.ts';
import { nearestName } from './nearest-name.ts';
import { invalidAt } from './sql-errors.ts';
import { type NamedTable, referencesOf } from './syntax-walk.ts';

/** A user's statement, found to be one that only reads a tenant's tables. */
export interface CheckedStatement {
  /** The text to run: as it was given, with the names of tables unqualified. Places in it are places in the given text. */
  readonly sql: string;
  /** The tables that it reads, as the tenant has them. */
  readonly tables: readonly string[];
}

export interface StatementRules {
  readonly tenant: string;
  /** The names of the tenant's tables. */
  readonly tables: () => Promise<readonly string[]>;
  readonly tablesMax: number;
  /** Parses SELECT statements. */
  readonly parse: (sql: string) => Promise<SyntaxTree>;
}

/**
 * Checks a statement before any of it is bound: one SELECT (or what DuckDB takes for one: FROM, VALUES, DESCRIBE, SHOW, SUMMARIZE), or an
 * EXPLAIN of one, of tables that there are, with functions that only compute.
 * @throws GrpcError INVALID_ARGUMENT with the place; NOT_FOUND for a table that isn't there
 */
export async function checkStatement(sql: string, rules: StatementRules): Promise<CheckedStatement> {
  const explain = explainPrefix.exec(sql)?.[0].length ?? 0;
  const select = sql.slice(0, explain).replace(/[^\n]/g, ' ') + sql.slice(explain);
  const tree = await parseSelect(select, rules);
  if (tree.statements.length !== 1) {
    throw new GrpcError(Status.INVALID_ARGUMENT, `one statement at a time, not ${tree.statements.length}`);
  }
  const found = referencesOf(tree);
  const named = found.tables.length + found.tableFunctions.length;
  if (named > rules.tablesMax) {
    throw new GrpcError(
      Status.INVALID_ARGUMENT,
      `the statement names ${named} tables, more than ${rules.tablesMax} (setting querier.sqlTablesMax)`,
    );
  }
  for (const { name, offset } of found.tableFunctions) {
    if (!isTableFunctionAllowed(name)) throw invalidAt(sql, offset, `the table function ${name} is not available`);
  }
  for (const { name, offset } of found.functions) {
    if (isFunctionRefused(name)) throw invalidAt(sql, offset, `the function ${name} is not available`);
  }
  const known = await rules.tables();
  const tables = found.showsTables ? new Set(known) : new Set<string>();
  for (const table of found.tables) {
    const name = resolve(table, found.withNames, known, rules.tenant, sql);
    if (name !== undefined) tables.add(name);
  }
  return { sql: unqualified(sql, found.tables), tables: [...tables] };
}

/** EXPLAIN with its options, after blanks and comments. */
const explainPrefix = /^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)*explain\s+(?:analyze\s+|\([^()]*\)\s*)?/i;

async function parseSelect(sql: string, rules: StatementRules): Promise<SyntaxTree> {
  try {
    return await rules.parse(sql);
  } catch (error) {
    if (error instanceof DuckDbError && error.kind === 'Statement' && /Only SELECT/.test(error.message)) {
      throw new GrpcError(
        Status.INVALID_ARGUMENT,
        'only SELECT, EXPLAIN, DESCRIBE, SHOW and SUMMARIZE statements are answered',
      );
    }
    throw error;
  }
}

/** The tenant's table that is meant; undefined for a name that WITH gives. */
function resolve(
  { catalog, schema, name, offset }: NamedTable,
  withNames: ReadonlySet<string>,
  known: readonly string[],
  tenant: string,
  sql: string,
): string | undefined {
  const found = known.find((table) => table.toLowerCase() === name.toLowerCase());
  const isQualified = schema !== '' || catalog !== '';
  const isOurs =
    (schema === '' || schema.toLowerCase() === tenant.toLowerCase() || schema === 'main') &&
    (catalog === '' || catalog.toLowerCase() === catalogName);
  if (found !== undefined && isOurs) return found;
  if (!isQualified && withNames.has(name.toLowerCase())) return undefined;
  const full = [catalog, schema, name].filter((part) => part !== '').join('.');
  const nearest = nearestName(name, known);
  const advice = nearest === undefined ? '; SHOW TABLES lists those that there are' : `; did you mean ${nearest}?`;
  throw invalidAt(sql, offset, `there is no table ${full}${advice}`, Status.NOT_FOUND);
}

/** Blanks out catalog and schema in front of tables' names, so that places stay. */
function unqualified(sql: string, tables: readonly NamedTable[]): string {
  const bytes = Buffer.from(sql);
  for (const { catalog, schema, offset } of tables) {
    const parts = (catalog === '' ? 0 : 1) + (schema === '' ? 0 : 1);
    if (parts === 0) continue;
    const length = new RegExp(`^(?:(?:"(?:[^"]|"")*"|[^\\s."]+)\\s*\\.\\s*){${parts}}`).exec(
      bytes.subarray(offset).toString(),
    )?.[0];
    if (length === undefined) throw invalidAt(sql, offset, 'this qualified name can’t be read');
    bytes.fill(' ', offset, offset + Buffer.byteLength(length));
  }
  return bytes.toString();
}
