import { quoteIdentifier } from '@signaldb/duckdb';
import type { LocalFile } from '../files/file-access.ts';
import { readSql } from '../tables/read-sql.ts';
import { type ShownColumn, shownColumns } from '../tables/shown-columns.ts';
import { signalTableOf, type TableColumn } from '../tables/table-columns.ts';
import type { TimeRange } from '../time-range.ts';
import { timeCondition } from '../traces/conditions.ts';

/** A table as a session is to see it. */
export interface TableView {
  readonly name: string;
  /** Those of the schema, and those that newer files have beyond it. */
  readonly columns: readonly TableColumn[];
  readonly files: readonly LocalFile[];
  /** Rows of other times may be left out. */
  readonly times: TimeRange;
}

/** The columns of a view as SQL shows them. */
export const shownOf = ({ name, columns }: TableView): ShownColumn[] => shownColumns(name, columns);

/** SQL that makes a table visible to a session. Without files it has the columns alone. */
export function createView(view: TableView): string {
  const { name, columns, files, times } = view;
  const shown = shownOf(view).map(({ name: column, expression }) =>
    expression === undefined ? quoteIdentifier(column) : `${expression} AS ${quoteIdentifier(column)}`,
  );
  const signal = signalTableOf(name);
  const conditions = signal === undefined ? [] : timeCondition(signal.timeColumn, times);
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
  return `CREATE TEMP VIEW ${quoteIdentifier(name)} AS SELECT ${shown.join(', ')} FROM (${readSql(files, columns)})${where}`;
}
