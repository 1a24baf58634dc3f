import { recordBatchOf } from '@signaldb/flight';
import type { CheckedSearch, Need } from '@signaldb/traceql';
import { type Data, Field, Int64, type RecordBatch, Schema, Utf8, vectorFromArray } from 'apache-arrow';
import { nsPerMs, type QueryContext, type QueryRun } from '../context.ts';
import type { TableFile } from '../files/table-file.ts';
import { rowsOf } from '../rows.ts';
import type { OpenTables } from '../tables/table-reader.ts';
import type { TicketOf } from '../ticket.ts';
import { hull, type TimeRange, widen } from '../time-range.ts';
import { filesBetween, filesOfTraces } from '../traces/span-files.ts';
import { filteredSql } from './filtered-sql.ts';
import { summarize, type TraceSummary } from './found-traces.ts';
import { matchedSpans, type SpanSet } from './matched-spans.ts';
import { searchOf } from './search-query.ts';
import { timeSlices } from './time-slices.ts';

/** One row a trace, the traces with the newest matching spans, by their start, newest first. */
export const searchSchema = new Schema([
  new Field('trace_id', new Utf8(), false),
  new Field('root_service_name', new Utf8(), true),
  new Field('root_trace_name', new Utf8(), true),
  new Field('start_time', new Int64(), false),
  new Field('duration_ms', new Int64(), false),
  new Field('span_sets_json', new Utf8(), true),
  new Field('service_stats_json', new Utf8(), false),
]);

/** Rows in the first slice that is looked into: about a row group, which is read as a whole anyway. */
const firstSliceRows = 65_536;
const spansPerSetDefault = 3;
const spansPerSetMax = 100;

/** Runs a search. Which traces are found, and in which order, depends on the rows alone. */
export async function searchTraces(
  context: QueryContext,
  ticket: TicketOf<'search'>,
  run: QueryRun,
): Promise<RecordBatch> {
  const search = searchOf(ticket);
  const { searchLimitMax, traceLookAroundMs } = context.config;
  const limit = Math.min(ticket.limit || searchLimitMax, searchLimitMax);
  const times: TimeRange = { min: ticket.start, max: ticket.end };
  const around = BigInt(traceLookAroundMs) * nsPerMs;
  const request = { tenant: ticket.tenant, tables: ['traces'], times: widen(times, around) };
  return context.reader.use(request, run.outcome, async (open) => {
    const finder: Finder = { context, open, search, times, around, run };
    const found = await find(finder, limit);
    run.outcome.inspectedTraces += found.size;
    if (found.size === 0) return toBatch([], undefined);
    const ids = [...found.keys()];
    const foundTimes: TimeRange[] = [...found.values()].map((time) => ({ min: time, max: time }));
    const near = widen(foundTimes.reduce(hull), around);
    const files = await filesOfTraces(open.files, filesBetween(tableOf(open).files, near), ids);
    const spansPerSet = Math.min(ticket.spss || spansPerSetDefault, spansPerSetMax);
    const [summaries, sets] = await Promise.all([
      summarize(context, open, files, ids, run),
      ticket.q === undefined ? undefined : matchedSpans(context, open, search, files, { ids, times, spansPerSet }, run),
    ]);
    return toBatch([...summaries.values()], sets);
  });
}

interface Finder {
  readonly context: QueryContext;
  readonly open: OpenTables;
  readonly search: CheckedSearch;
  readonly times: TimeRange;
  readonly around: bigint;
  readonly run: QueryRun;
}

const tableOf = (open: OpenTables) => open.tables.get('traces')!;

/** The traces whose last matching span is the newest, with its time. Stops as soon as older spans can't change them. */
async function find(finder: Finder, limit: number): Promise<Map<string, bigint>> {
  const { open, times, run } = finder;
  const found = new Map<string, bigint>();
  const files = filesBetween(tableOf(open).files, times);
  const seen = new Set<TableFile>();
  for (const slice of timeSlices(files, times, firstSliceRows)) {
    const last = slice.max === undefined ? undefined : slice.max - 1n;
    const sliceTimes = { min: slice.min, max: last };
    const inSlice = filesBetween(files, sliceTimes);
    inSlice.forEach((file) => {
      seen.add(file);
    });
    if (inSlice.length > 0) await findIn(finder, inSlice, sliceTimes, found, limit);
    if (found.size >= limit) break;
  }
  run.outcome.addFiles([...seen]);
  return found;
}

async function findIn(
  finder: Finder,
  files: readonly TableFile[],
  times: TimeRange,
  found: Map<string, bigint>,
  limit: number,
): Promise<void> {
  const { context, open, search, around, run } = finder;
  const factFiles = (needs: ReadonlySet<Need>): TableFile[] =>
    needs.size === 0 ? [] : filesBetween(tableOf(open).files, widen(times, around));
  const filtered = await filteredSql(open, search, { files, factFiles, times, ids: undefined }, [
    'trace_id',
    'start_time',
  ]);
  if (filtered === undefined) return;
  const isNew =
    found.size === 0 ? '' : `WHERE trace_id NOT IN (${[...found.keys()].map((id) => `'${id}'`).join(', ')})`;
  const batches = await context.duck.rows(
    `${filtered.ctes} SELECT trace_id, max(start_time) AS latest FROM (${filtered.sql}) ${isNew}
     GROUP BY trace_id ORDER BY latest DESC, trace_id LIMIT ${limit - found.size}`,
    { signal: run.signal },
  );
  for (const row of rowsOf(batches)) found.set(row('trace_id') as string, row('latest') as bigint);
}

function toBatch(summaries: readonly TraceSummary[], sets: ReadonlyMap<string, SpanSet> | undefined): RecordBatch {
  const sorted = [...summaries].sort((a, b) =>
    a.startTime === b.startTime ? (a.traceId < b.traceId ? -1 : 1) : a.startTime > b.startTime ? -1 : 1,
  );
  const text = (values: (string | null)[]): Data => vectorFromArray(values, new Utf8()).data[0]!;
  const int = (values: bigint[]): Data => vectorFromArray(values, new Int64()).data[0]!;
  const columns = [
    text(sorted.map(({ traceId }) => traceId)),
    text(sorted.map(({ rootServiceName }) => rootServiceName)),
    text(sorted.map(({ rootName }) => rootName)),
    int(sorted.map(({ startTime }) => startTime)),
    int(sorted.map(({ startTime, endTime }) => (endTime - startTime) / nsPerMs)),
    text(sorted.map(({ traceId }) => setsJson(sets?.get(traceId)))),
    text(sorted.map(({ services }) => JSON.stringify(services))),
  ];
  return recordBatchOf(searchSchema, columns, sorted.length);
}

function setsJson(set: SpanSet | undefined): string | null {
  return set === undefined ? null : JSON.stringify([set]);
}
