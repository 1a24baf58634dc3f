import { quoteIdentifier } from '@signaldb/duckdb';
import type { LocalFile } from '../files/file-access.ts';
import { endTime } from '../search/trace-facts.ts';
import { allColumns, readSql } from '../tables/read-sql.ts';
import { signalTableOf, type TableSnapshot } from '../tables/table-snapshot.ts';

/** SQL that makes a table of a snapshot visible to a session. Without files it has the columns alone. */
export function createView(
  { name, columns }: TableSnapshot,
  schemaFiles: readonly LocalFile[],
  files: readonly LocalFile[],
): string {
  const isSignal = signalTableOf(name) !== undefined;
  const all = allColumns(columns, schemaFiles).filter((column) => !(isSignal && column.name === 'hour'));
  const rows = readSql(files, all);
  const shown = all.flatMap((column) => {
    const quoted = quoteIdentifier(column.name);
    return name === 'traces' && column.name === 'start_time' ? [quoted, `${endTime} AS end_time`] : [quoted];
  });
  return `CREATE TEMP VIEW ${quoteIdentifier(name)} AS SELECT ${shown.join(', ')} FROM (${rows})`;
}
