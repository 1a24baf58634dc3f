import { quoteIdentifier } from '@signaldb/duckdb';
import type { LocalFile } from '../files/file-access.ts';
import { allColumns, readSql } from '../tables/read-sql.ts';
import { shownColumns } from '../tables/shown-columns.ts';
import type { TableSnapshot } from '../tables/table-snapshot.ts';

/** SQL that makes a table of a snapshot visible to a session. Without files it has the columns alone. */
export function createView(
  { name, columns }: TableSnapshot,
  schemaFiles: readonly LocalFile[],
  files: readonly LocalFile[],
): string {
  const all = allColumns(columns, schemaFiles);
  const shown = shownColumns(name, all).map(({ name: column, expression }) =>
    expression === undefined ? quoteIdentifier(column) : `${expression} AS ${quoteIdentifier(column)}`,
  );
  return `CREATE TEMP VIEW ${quoteIdentifier(name)} AS SELECT ${shown.join(', ')} FROM (${readSql(files, all)})`;
}
