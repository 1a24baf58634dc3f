import type { RecordBatch } from 'apache-arrow';
import { nsPerMs, type QueryContext, type QueryRun } from '../context.ts';
import type { LocalFile } from '../files/file-access.ts';
import { allColumns, readSql } from '../tables/read-sql.ts';
import type { OpenTables } from '../tables/table-reader.ts';
import type { TableColumn } from '../tables/table-snapshot.ts';
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
    const rows = readSql(found.local, found.columns);
    return duck.rows(`SELECT * FROM (${rows}) WHERE ${condition} ORDER BY start_time, span_id`, { signal });
  });
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
