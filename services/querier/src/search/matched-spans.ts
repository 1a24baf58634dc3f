import type { CheckedSearch, SelectedField } from '@signaldb/traceql';
import type { QueryContext, QueryRun } from '../context.ts';
import { rowsOf } from '../rows.ts';
import type { OpenTables } from '../tables/table-reader.ts';
import { intersection, type TimeRange } from '../time-range.ts';
import type { SpanFiles } from '../traces/span-files.ts';
import { filteredSql } from './filtered-sql.ts';

/** A span in Tempo's JSON. */
export interface SpanJson {
  readonly spanID: string;
  readonly name?: string;
  readonly startTimeUnixNano: string;
  readonly durationNanos: string;
  readonly attributes: readonly { readonly key: string; readonly value: unknown }[];
}

/** The spans of a trace that matched: the first of them, and how many there are. */
export interface SpanSet {
  readonly spans: SpanJson[];
  readonly matched: number;
}

/** The matching spans of traces, the earliest first, with the fields that the search names. */
export async function matchedSpans(
  { duck }: QueryContext,
  open: OpenTables,
  search: CheckedSearch,
  files: SpanFiles,
  wanted: { readonly ids: readonly string[]; readonly times: TimeRange; readonly spansPerSet: number },
  { signal }: QueryRun,
): Promise<Map<string, SpanSet>> {
  const sets = new Map<string, SpanSet>();
  const scope = {
    files: files.files,
    factFiles: () => files.files,
    times: intersection(files.times, wanted.times),
    ids: wanted.ids,
  };
  const filtered = await filteredSql(open, search, scope, ['trace_id', 'span_id', 'start_time', 'duration_ns'], {
    withSelects: true,
  });
  if (filtered === undefined) return sets;
  const batches = await duck.rows(
    `${filtered.ctes} SELECT *, (count(*) OVER (PARTITION BY trace_id))::INTEGER AS matched FROM (${filtered.sql})
     QUALIFY row_number() OVER (PARTITION BY trace_id ORDER BY start_time, span_id) <= ${wanted.spansPerSet}
     ORDER BY trace_id, start_time, span_id`,
    { signal },
  );
  for (const row of rowsOf(batches)) {
    const traceId = row('trace_id') as string;
    const set = sets.get(traceId) ?? { spans: [], matched: row('matched') as number };
    set.spans.push(spanJson(row, filtered.selects));
    sets.set(traceId, set);
  }
  return sets;
}

function spanJson(row: (column: string) => unknown, selects: readonly SelectedField[]): SpanJson {
  const fields = selects.map(({ key, intrinsic }, i) => ({
    key,
    intrinsic,
    json: row(`__select${i}`) as string | null,
  }));
  const values = fields.flatMap(({ json, ...field }) =>
    json === null ? [] : [{ ...field, value: JSON.parse(json) as { stringValue?: string } }],
  );
  const name = values.find(({ intrinsic }) => intrinsic === 'span:name')?.value.stringValue;
  return {
    spanID: row('span_id') as string,
    ...(name !== undefined && { name }),
    startTimeUnixNano: String(row('start_time')),
    durationNanos: String(row('duration_ns') ?? 0),
    attributes: values
      .filter(({ intrinsic }) => intrinsic !== 'span:name' && intrinsic !== 'span:duration')
      .map(({ key, value }) => ({ key, value })),
  };
}
