import type { QueryContext, QueryRun } from '../context.ts';
import { rowsOf } from '../rows.ts';
import { readSql } from '../tables/read-sql.ts';
import type { OpenTables } from '../tables/table-reader.ts';
import { oneOf, timeCondition } from '../traces/conditions.ts';
import type { SpanFiles } from '../traces/span-files.ts';
import { endTime } from './trace-facts.ts';

/** A whole trace in brief. */
export interface TraceSummary {
  readonly traceId: string;
  rootServiceName: string | null;
  rootName: string | null;
  rootTime: bigint | undefined;
  startTime: bigint;
  endTime: bigint;
  readonly services: Record<string, { spanCount: number; errorCount: number }>;
}

const columns = [
  'trace_id',
  'span_id',
  'parent_span_id',
  'name',
  'service_name',
  'status_code',
  'start_time',
  'duration_ns',
];

/** Briefs of traces from all their spans: the root is the earliest span without a parent. */
export async function summarize(
  { duck }: QueryContext,
  open: OpenTables,
  { files, times }: SpanFiles,
  traceIds: readonly string[],
  { signal }: QueryRun,
): Promise<Map<string, TraceSummary>> {
  const table = open.tables.get('traces')!;
  const local = await open.files.local(files);
  const spans = readSql(
    local,
    table.columns.filter(({ name }) => columns.includes(name)),
  );
  const where = [oneOf('trace_id', traceIds), ...timeCondition('start_time', times)].join(' AND ');
  const batches = await duck.rows(
    `SELECT trace_id, service_name, count(*)::INTEGER AS spans, (count(*) FILTER (WHERE status_code = 2))::INTEGER AS errors,
      min(start_time) AS first, max(${endTime}) AS last,
      min({'t': start_time, 'id': span_id, 'name': name}) FILTER (WHERE parent_span_id IS NULL) AS root
     FROM (${spans}) WHERE ${where} GROUP BY trace_id, service_name ORDER BY ALL`,
    { signal },
  );
  const summaries = new Map<string, TraceSummary>();
  for (const row of rowsOf(batches)) addService(summaries, row);
  return summaries;
}

function addService(summaries: Map<string, TraceSummary>, row: (column: string) => unknown): void {
  const traceId = row('trace_id') as string;
  const first = row('first') as bigint;
  const last = row('last') as bigint;
  const service = row('service_name') as string | null;
  const root = row('root') as { t: bigint; name: string | null } | null;
  let summary = summaries.get(traceId);
  if (summary === undefined) {
    summary = {
      traceId,
      rootServiceName: null,
      rootName: null,
      rootTime: undefined,
      startTime: first,
      endTime: last,
      services: {},
    };
    summaries.set(traceId, summary);
  }
  if (first < summary.startTime) summary.startTime = first;
  if (last > summary.endTime) summary.endTime = last;
  if (root !== null && (summary.rootTime === undefined || root.t < summary.rootTime)) {
    summary.rootTime = root.t;
    summary.rootName = root.name;
    summary.rootServiceName = service;
  }
  summary.services[service ?? ''] = { spanCount: row('spans') as number, errorCount: row('errors') as number };
}
