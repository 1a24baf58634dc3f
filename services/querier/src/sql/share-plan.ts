import { quoteIdentifier } from '@signaldb/duckdb';
import { encodeSchemaBytes } from '@signaldb/flight';
import type { Schema } from 'apache-arrow';
import type { OpenFiles } from '../files/file-access.ts';
import type { TableFile } from '../files/table-file.ts';
import type { TableColumn } from '../tables/table-columns.ts';
import type { PlanRequest, TicketOf } from '../ticket.ts';
import { allTime, type TimeRange } from '../time-range.ts';
import { shareOut } from './shares.ts';
import type { TableView } from './table-view.ts';

/** Tickets that together have the rows of a statement, each row once. */
export interface Plan {
  /** As Flight has it, in base64. */
  readonly schema: string;
  readonly shares: readonly ShareTicket[];
  /** -1 where it isn't known. */
  readonly total_records: number;
  readonly total_bytes: number;
}

/** A ticket as JSON has it: times are text. */
export type ShareTicket = Omit<TicketOf<'share'>, 'start' | 'end'> & { readonly start?: string; readonly end?: string };

/** A table at one moment, as far as a statement reads it. */
export interface SharedTable {
  readonly name: string;
  readonly columns: readonly TableColumn[];
  readonly files: readonly TableFile[];
  readonly times: TimeRange;
}

/** Rows and bytes of files together. */
export function sizeOf(files: readonly TableFile[]): { readonly rows: number; readonly bytes: number } {
  return files.reduce((sum, { rows, bytes }) => ({ rows: sum.rows + rows, bytes: sum.bytes + bytes }), {
    rows: 0,
    bytes: 0,
  });
}

/** Shares of a statement’s rows, each with some of the table’s files. How many rows there are is known where all are wanted. */
export function planOf(
  { tenant, sql, parameters, query_id, shares_max }: PlanRequest,
  table: SharedTable,
  answer: { readonly schema: Schema; readonly hasAllRows: boolean },
): Plan {
  const { start, end } = { start: table.times.min, end: table.times.max };
  const { rows, bytes } = sizeOf(table.files);
  return {
    schema: Buffer.from(encodeSchemaBytes(answer.schema)).toString('base64'),
    shares: shareOut(table.files, shares_max).map((files) => ({
      kind: 'share',
      tenant,
      sql,
      ...(parameters !== undefined && { parameters }),
      ...(query_id !== undefined && { query_id }),
      table: table.name,
      columns: table.columns.map(columnOfTicket),
      files: files.map((file) => ({ source: file.source, rows: file.rows, bytes: file.bytes })),
      ...(start !== undefined && { start: String(start) }),
      ...(end !== undefined && { end: String(end) }),
    })),
    total_records: answer.hasAllRows ? rows : -1,
    total_bytes: answer.hasAllRows ? bytes : -1,
  };
}

/** A column as a ticket has it. */
function columnOfTicket({ name, fieldId, type, shown }: TableColumn): TicketOf<'share'>['columns'][number] {
  return {
    name,
    type,
    ...(fieldId !== undefined && { field_id: fieldId }),
    ...(shown && { shown: { type: shown.type, expression: shown.expression(quoteIdentifier(name)) } }),
  };
}

/** The table of a share, with the files of that share. */
export async function shareView(files: OpenFiles, ticket: TicketOf<'share'>): Promise<TableView> {
  const named = ticket.files.map((file) => ({ ...file, times: allTime, hasTraceFilter: false }));
  return {
    name: ticket.table,
    columns: ticket.columns.map(({ name, field_id: fieldId, type, shown }) => ({
      name,
      fieldId,
      type,
      ...(shown && { shown: { type: shown.type, expression: () => shown.expression } }),
    })),
    files: await files.local(named),
    times: { min: ticket.start, max: ticket.end },
  };
}
