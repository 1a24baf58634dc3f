import type { Outcome } from '../outcome.ts';
import { allColumns } from '../tables/read-sql.ts';
import type { OpenTables } from '../tables/table-reader.ts';
import type { TableSnapshot } from '../tables/table-snapshot.ts';
import { allTime, intersection } from '../time-range.ts';
import { filesOfTraces } from '../traces/span-files.ts';
import { createFunctions } from './builtins/builtins.ts';
import { createBuiltinView } from './builtins/views.ts';
import { createSchemaView } from './information-schema.ts';
import { allRows, type RowBounds } from './row-bounds.ts';
import type { CheckedStatement } from './statement.ts';
import type { ListedTable } from './table-list.ts';
import { createView, shownOf, type TableView } from './table-view.ts';

/** SQL that makes all that a statement names known to its session. */
export function sessionSql(
  statement: CheckedStatement,
  views: readonly TableView[],
  information: { readonly tenant: string; readonly tables: readonly ListedTable[] },
): string[] {
  const byName = new Map<string, TableView>(views.map((view) => [view.name, view]));
  return [
    ...views.map(createView),
    ...statement.views.flatMap((view) => {
      const table = byName.get(view.reads);
      return table === undefined ? [] : [createBuiltinView(view, shownOf(table))];
    }),
    ...createFunctions(statement.functions),
    ...statement.schemaViews.map((view) => createSchemaView(view, information.tenant, information.tables)),
  ];
}

/** The names of all columns that a statement can name. */
export function shownNames(statement: CheckedStatement, views: readonly TableView[]): string[] {
  const shown = views.map((view) => ({ name: view.name, columns: shownOf(view) }));
  const own = statement.views.flatMap((view) =>
    shown.filter(({ name }) => name === view.reads).flatMap(({ columns }) => view.columns(columns)),
  );
  const named = new Set([...statement.meanings.values()].map((meaning) => meaning.kind === 'table' && meaning.name));
  const ofTables = shown.filter(({ name }) => named.has(name)).flatMap(({ columns }) => columns);
  return [...new Set([...ofTables, ...own].map(({ name }) => name))];
}

/** Tables with the rows that a statement can use: the files of others aren't fetched. */
export function rowViews(
  open: OpenTables,
  bounds: ReadonlyMap<string, RowBounds>,
  outcome: Outcome,
): Promise<TableView[]> {
  return Promise.all(
    [...open.tables.values()].map(async (table) => {
      const { files, times } = await wantedFiles(open, table, bounds.get(table.name) ?? allRows);
      outcome.addFiles(files);
      const local = await open.files.local(files);
      const newer = await open.files.local(table.uncommitted);
      return { name: table.name, columns: allColumns(table.columns, [...newer, ...local]), files: local, times };
    }),
  );
}

const hexId = /^[0-9a-f]{32}$/;

/** The files that can hold rows within the bounds, and the times of those rows. */
export async function wantedFiles(
  open: OpenTables,
  { files }: TableSnapshot,
  { times, traceIds }: RowBounds,
): Promise<Pick<TableSnapshot, 'files'> & Pick<TableView, 'times'>> {
  if (traceIds === undefined || !files.some((file) => file.hasTraceFilter)) return { files, times };
  // An id that is none is in no filter, but it isn't ours to say what it equals.
  if (!traceIds.every((id) => hexId.test(id))) return { files, times };
  const found = await filesOfTraces(open.files, files, traceIds);
  return { files: found.files, times: intersection(times, found.times) };
}

/** Tables with their columns alone: only files newer than the schema need to be looked into for them. */
export function columnViews(open: OpenTables): Promise<TableView[]> {
  return Promise.all(
    [...open.tables.values()].map(async ({ name, columns, uncommitted }) => {
      const all = allColumns(columns, await open.files.local(uncommitted));
      return { name, columns: all, files: [], times: allTime };
    }),
  );
}
