import { DuckDbError, type SyntaxTree } from '@signaldb/duckdb';
import { GrpcError, Status } from '@signaldb/grpc';
import { builtinViewOf, scalarFunctionOf, tableFunctionOf } from './builtins/builtins.ts';
import { type BuiltinView, builtinViews } from './builtins/views.ts';
import { catalogName } from './catalog-name.ts';
import { builtinTableFunctionNames, insteadOf, isFunctionRefused, isTableFunctionAllowed } from './function-rules.ts';
import { schemaViewNames, sessionNameOf } from './information-schema.ts';
import { nearestName } from './nearest-name.ts';
import { otherStatement } from './other-statements.ts';
import { showStatement } from './show-statement.ts';
import { invalidAt } from './sql-errors.ts';
import { statementStarts } from './statement-starts.ts';
import { nodesOf, type TreeNode } from './syntax-tree.ts';
import { type NamedTable, type References, referencesOf } from './syntax-walk.ts';
import { editText, nameLength, type TextEdit } from './text-edits.ts';

/** A user's statement, found to be one that only reads a tenant's tables. */
export interface CheckedStatement {
  /** The text to run: as it was given, with the names of tables unqualified. Places in it are places in the given text. */
  readonly sql: string;
  readonly isExplain: boolean;
  /** The tables that it reads, as the tenant has them; those under views and functions of ours too. */
  readonly tables: readonly string[];
  /** Views of ours that it reads. */
  readonly views: readonly BuiltinView[];
  /** Views of the information schema that it reads. */
  readonly schemaViews: readonly string[];
  /** All functions that it calls. */
  readonly functions: readonly string[];
  /** Some of them are ours. */
  readonly usesBuiltins: boolean;
  /** Its syntax tree: what json_serialize_sql calls `node`. */
  readonly tree: TreeNode;
  readonly references: References;
  /** What each name in FROM stands for; names that WITH gives are absent. */
  readonly meanings: ReadonlyMap<TreeNode, TableMeaning>;
}

export type TableMeaning =
  | { readonly kind: 'table'; readonly name: string }
  | { readonly kind: 'view'; readonly view: BuiltinView }
  | { readonly kind: 'schema'; readonly view: string };

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
  const references = referencesOf(tree);
  const shown = showStatement(tree, references.shows);
  if (shown !== undefined) return checkStatement(shown, rules);
  checkCalls(sql, references, rules.tablesMax);

  const known = references.tables.length > 0 ? await rules.tables() : [];
  const meanings = new Map<TreeNode, TableMeaning>();
  for (const table of references.tables) {
    const meaning = meaningOf(table, references.withNames, known, rules.tenant, sql);
    if (meaning !== undefined) meanings.set(table.node, meaning);
  }
  const found = [...meanings.values()];
  const views = new Set(found.flatMap((meaning) => (meaning.kind === 'view' ? [meaning.view] : [])));
  const functions = new Set(
    [...references.functions, ...references.tableFunctions].map(({ name }) => name.toLowerCase()),
  );
  return {
    sql: editText(sql, [...tableEdits(sql, references, meanings), ...columnEdits(sql, references)]),
    isExplain: explain > 0,
    tables: [
      ...new Set([
        ...found.flatMap((meaning) => (meaning.kind === 'table' ? [meaning.name] : [])),
        ...[...views].map(({ reads }) => reads),
        ...[...functions].flatMap((name) => tableFunctionOf(name)?.reads ?? []),
      ]),
    ],
    views: [...views],
    schemaViews: [...new Set(found.flatMap((meaning) => (meaning.kind === 'schema' ? [meaning.view] : [])))],
    functions: [...functions],
    usesBuiltins: [...functions].some((name) => tableFunctionOf(name) ?? scalarFunctionOf(name)),
    tree,
    references,
    meanings,
  };
}

/** EXPLAIN with its options, after blanks and comments. */
const explainPrefix = /^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)*explain\s+(?:analyze\s+|\([^()]*\)\s*)?/i;

async function parseSelect(sql: string, rules: StatementRules): Promise<TreeNode> {
  const starts = statementStarts(sql);
  if (starts.length === 0) throw invalidAt(sql, 0, 'there is no statement');
  let tree: SyntaxTree;
  try {
    tree = await rules.parse(sql);
  } catch (error) {
    if (!(error instanceof DuckDbError) || error.kind !== 'Statement') throw error;
    if (!/Only SELECT/.test(error.message)) throw new DuckDbError('Parser', error.message);
    const [start] = starts as [number];
    throw invalidAt(sql, Buffer.byteLength(sql.slice(0, start)), otherStatement(sql.slice(start)));
  }
  const [statement, second] = tree.statements;
  if (second !== undefined) {
    const offset = Buffer.byteLength(sql.slice(0, starts[1] ?? 0));
    throw invalidAt(sql, offset, `one statement at a time, not ${tree.statements.length}`);
  }
  return (statement as { readonly node: TreeNode }).node;
}

/** Refuses functions that do more than compute, and too many tables. */
function checkCalls(sql: string, { tables, tableFunctions, functions }: References, tablesMax: number): void {
  const named = tables.length + tableFunctions.length;
  if (named > tablesMax) {
    throw new GrpcError(
      Status.INVALID_ARGUMENT,
      `the statement names ${named} tables, more than ${tablesMax} (setting querier.sqlTablesMax)`,
    );
  }
  for (const { name, offset } of tableFunctions) {
    if (isTableFunctionAllowed(name)) continue;
    const nearest = nearestName(name, builtinTableFunctionNames);
    const advice = nearest === undefined ? insteadOf(name) : `did you mean ${nearest}?`;
    throw invalidAt(sql, offset, `the table function ${name} is not available; ${advice}`);
  }
  for (const { name, offset } of functions) {
    if (isFunctionRefused(name)) throw invalidAt(sql, offset, `the function ${name} is not available`);
  }
}

/** What a name in FROM means; undefined for one that WITH gives. */
function meaningOf(
  { catalog, schema, name, offset }: NamedTable,
  withNames: ReadonlySet<string>,
  known: readonly string[],
  tenant: string,
  sql: string,
): TableMeaning | undefined {
  const isCatalogOurs = catalog === '' || catalog.toLowerCase() === catalogName;
  if (schema.toLowerCase() === 'information_schema' && isCatalogOurs) {
    if (schemaViewNames.includes(name.toLowerCase())) return { kind: 'schema', view: name.toLowerCase() };
    throw invalidAt(
      sql,
      offset,
      `there is no table ${[catalog, schema, name].filter((part) => part !== '').join('.')}${adviceOn(name, schemaViewNames, `those of information_schema are ${schemaViewNames.join(', ')}`)}`,
      Status.NOT_FOUND,
    );
  }
  // A lone qualifier may be the catalog as well.
  const schemas = ['', 'main', tenant.toLowerCase(), ...(catalog === '' ? [catalogName] : [])];
  const isOurs = isCatalogOurs && schemas.includes(schema.toLowerCase());
  if (isOurs) {
    const isWith = schema === '' && catalog === '' && withNames.has(name.toLowerCase());
    // A name that WITH gives may be read inside of what it names, where it is the table's.
    const table = known.find((candidate) => candidate.toLowerCase() === name.toLowerCase());
    if (table !== undefined) return { kind: 'table', name: table };
    const view = builtinViewOf(name);
    if (view !== undefined) return { kind: 'view', view };
    if (isWith) return undefined;
  }
  const full = [catalog, schema, name].filter((part) => part !== '').join('.');
  const advice = adviceOn(
    name,
    [...known, ...builtinViews.map((view) => view.name), ...withNames],
    'SHOW TABLES lists those that there are',
  );
  throw invalidAt(sql, offset, `there is no table ${full}${advice}`, Status.NOT_FOUND);
}

function adviceOn(name: string, known: readonly string[], otherwise: string): string {
  const nearest = nearestName(name, known);
  return nearest === undefined ? `; ${otherwise}` : `; did you mean ${nearest}?`;
}

/** Blanks out catalog and schema in front of tables' names; views of the information schema get the names that the session knows. */
function tableEdits(sql: string, references: References, meanings: ReadonlyMap<TreeNode, TableMeaning>): TextEdit[] {
  const inShow = new Set([...nodesOf(references.described)].filter(({ type }) => type === 'BASE_TABLE'));
  return references.tables.flatMap(({ catalog, schema, alias, name, offset, node }) => {
    const qualifiers = (catalog === '' ? 0 : 1) + (schema === '' ? 0 : 1);
    if (qualifiers === 0) return [];
    const meaning = meanings.get(node);
    const isView = meaning?.kind === 'schema';
    const length = isView ? nameLength(sql, offset, qualifiers + 1, false) : nameLength(sql, offset, qualifiers, true);
    if (length === undefined) throw invalidAt(sql, offset, 'this qualified name can’t be read');
    if (!isView) return [{ offset, length, text: '' }];
    const session = sessionNameOf(meaning.view);
    const text = alias === '' && !inShow.has(node) ? `${session} AS ${name}` : session;
    return [{ offset, length, text }];
  });
}

/** Blanks out catalog and schema in front of columns of tables that are named with them. */
function columnEdits(sql: string, { tables, columns }: References): TextEdit[] {
  const qualified = tables
    .filter(({ schema }) => schema !== '')
    .flatMap(({ catalog, schema, name }) => [[schema, name], ...(catalog === '' ? [] : [[catalog, schema, name]])]);
  return columns.flatMap(({ name: path, offset }) => {
    const prefix = qualified.find(
      (parts) => path.length > parts.length && parts.every((part, i) => part.toLowerCase() === path[i]!.toLowerCase()),
    );
    if (prefix === undefined) return [];
    const length = nameLength(sql, offset, prefix.length - 1, true);
    return length === undefined ? [] : [{ offset, length, text: '' }];
  });
}
