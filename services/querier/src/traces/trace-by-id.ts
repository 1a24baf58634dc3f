import { quoteIdentifier } from '@signaldb/duckdb';
import { recordBatchOf } from '@signaldb/flight';
import { type RecordBatch, Schema } from 'apache-arrow';
import { nsPerMs, type QueryContext, type QueryRun } from '../context.ts';
import type { LocalFile } from '../files/file-access.ts';
import { allColumns, readSql } from '../tables/read-sql.ts';
import type { TableColumn } from '../tables/table-columns.ts';
import type { OpenTables } from '../tables/table-reader.ts';
import type { TicketOf } from '../ticket.ts';
import { widen } from '../time-range.ts';
import { timeCondition } from './conditions.ts';
import { filesOfTraces } from './span-files.ts';

/** All spans of a trace, as rows of `traces`, by start time. Columns in which it can't have a value are left out. */
export function traceById(
  { config, reader, duck }: QueryContext,
  ticket: TicketOf<'trace'>,
  { outcome, signal }: QueryRun,
): Promise<RecordBatch[]> {
  const traceId = ticket.trace_id.toLowerCase().padStart(32, '0');
  const times = widen({ min: ticket.start, max: ticket.end }, BigInt(config.traceLookAroundMs) * nsPerMs);
  return reader.use({ tenant: ticket.tenant, tables: ['traces'], times }, outcome, async (open) => {
    const found = await locate(open, traceId);
    outcome.addFiles(found.local.map(({ file }) => file));
    if (found.local.length === 0) return [];
    const condition = [`trace_id = '${traceId}'`, ...timeCondition('start_time', found.times)].join(' AND ');
    return inParts(found.columns, config.threads, (columns) =>
      duck.rows(
        `SELECT ${columns.map(({ name }) => quoteIdentifier(name)).join(', ')} FROM (${readSql(found.local, withKey(columns, found.columns))})
         WHERE ${condition} ORDER BY start_time, span_id`,
        { signal, batchBytesMax: Number.POSITIVE_INFINITY },
      ),
    );
  });
}

const columnsPerPart = 20;
const keyColumns = ['trace_id', 'span_id', 'start_time'];

/** The columns with those that rows are found and put in order by. */
function withKey(columns: readonly TableColumn[], all: readonly TableColumn[]): TableColumn[] {
  return [...columns, ...all.filter((column) => keyColumns.includes(column.name) && !columns.includes(column))];
}

/**
 * Reads many columns in parts, side by side: one row group is decoded by one thread only, and a few rows of many columns are mostly
 * decoding. Each part has the same rows in the same order, in batches of the same sizes.
 */
async function inParts(
  columns: readonly TableColumn[],
  partsMax: number,
  read: (columns: readonly TableColumn[]) => Promise<RecordBatch[]>,
): Promise<RecordBatch[]> {
  const parts = Math.max(1, Math.min(partsMax, Math.floor(columns.length / columnsPerPart)));
  const size = Math.ceil(columns.length / parts);
  const answers = await Promise.all(
    Array.from({ length: parts }, (_, i) => read(columns.slice(i * size, (i + 1) * size))),
  );
  const [first = []] = answers;
  // Spans that can't be told apart by what they are put in order by may stand in another order in each part.
  if (parts > 1 && hasEqualKeys(first)) return read(columns);
  return first.map((batch, i) => sideBySide([batch, ...answers.slice(1).map((answer) => answer[i])], batch.numRows));
}

function hasEqualKeys(batches: readonly RecordBatch[]): boolean {
  const seen = new Set<string>();
  let rows = 0;
  for (const batch of batches) {
    const [ids, times] = [batch.getChild('span_id'), batch.getChild('start_time')];
    for (let row = 0; row < batch.numRows; row++) seen.add(`${ids?.get(row)} ${times?.get(row)}`);
    rows += batch.numRows;
  }
  return seen.size < rows;
}

function sideBySide(batches: readonly (RecordBatch | undefined)[], rows: number): RecordBatch {
  if (batches.some((batch) => batch?.numRows !== rows)) throw new Error('parts of a trace’s columns differ in rows');
  const schema = new Schema(batches.flatMap((batch) => batch!.schema.fields));
  return recordBatchOf(
    schema,
    batches.flatMap((batch) => batch!.data.children),
    rows,
  );
}

async function locate(open: OpenTables, traceId: string) {
  const table = open.tables.get('traces')!;
  const { files, times } = await filesOfTraces(open.files, table.files, [traceId]);
  const local = await open.files.local(files);
  return { local, times, columns: allColumns(table.columns, local).filter((column) => isUsed(column, local)) };
}

/** The partition column says nothing that the start time doesn't. */
function isUsed({ name }: TableColumn, files: readonly LocalFile[]): boolean {
  return name !== 'hour' && files.some(({ info }) => info.columns.get(name)?.isEmpty !== true);
}
