import { quoteIdentifier } from '@signaldb/duckdb';
import { endTime } from '../search/trace-facts.ts';
import { signalTableOf, type TableColumn } from './table-columns.ts';

/** A column as SQL shows it. */
export interface ShownColumn extends TableColumn {
  /** SQL that it is calculated with, of one that isn't stored. */
  readonly expression?: string;
}

/**
 * The columns of a table as SQL shows them: those that are stored, without the partition column of the signals' tables, which says nothing
 * that the row's time doesn't; and the end of spans, which is calculated.
 */
export function shownColumns(table: string, stored: readonly TableColumn[]): ShownColumn[] {
  if (signalTableOf(table) === undefined) return stored.map(shownColumn);
  return stored
    .filter(({ name }) => name !== 'hour')
    .flatMap((column) => (table === 'traces' && column.name === 'start_time' ? [column, endOf(column)] : [column]));
}

/** A user's column, as the type that it was made with. */
function shownColumn(column: TableColumn): ShownColumn {
  const { name, shown } = column;
  if (shown === undefined) return column;
  return { ...column, type: shown.type, expression: shown.expression(quoteIdentifier(name)) };
}

function endOf({ type }: TableColumn): ShownColumn {
  return {
    name: 'end_time',
    fieldId: undefined,
    type,
    isRequired: false,
    comment: 'When the span ended: nanoseconds since 1970-01-01 UTC',
    expression: endTime,
  };
}
