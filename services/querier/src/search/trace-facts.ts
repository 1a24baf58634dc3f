import { quoteLiteral } from '@signaldb/duckdb';
import type { Need } from '@signaldb/traceql';
import type { OpenFiles } from '../files/file-access.ts';
import type { TableFile } from '../files/table-file.ts';
import { readSql } from '../tables/read-sql.ts';
import type { TableColumn } from '../tables/table-columns.ts';

const spanColumns = ['trace_id', 'span_id', 'parent_span_id', 'name', 'service_name', 'start_time', 'duration_ns'];

/**
 * Common table expressions with facts of whole traces that a filter asks for: `__trace` (root and duration, from the trace indexes; from
 * spans where there is none) and `__children` (child counts). `joins` puts them beside spans called `s`.
 */
export async function traceFacts(
  open: OpenFiles,
  files: readonly TableFile[],
  columns: readonly TableColumn[],
  needs: ReadonlySet<Need>,
): Promise<{ readonly ctes: readonly string[]; readonly joins: string }> {
  const ctes: string[] = [];
  let joins = '';
  const spans = async (some: readonly TableFile[]): Promise<string> =>
    readSql(
      await open.local(some),
      columns.filter(({ name }) => spanColumns.includes(name)),
    );
  if (needs.has('trace')) {
    const { paths, without } = await open.traceIndexes(files);
    const parts = [
      ...(paths.length === 0 ? [] : [fromIndexes(paths)]),
      ...(without.length === 0 && paths.length > 0 ? [] : [fromSpans(await spans(without))]),
    ];
    ctes.push(`__trace AS MATERIALIZED (SELECT trace_id, min(root).name AS __root_name, min(root).service AS __root_service,
      max(last_time) - min(first_time) AS __trace_duration_ns FROM (${parts.join(' UNION ALL ')}) GROUP BY trace_id)`);
    joins += ' LEFT JOIN __trace USING (trace_id)';
  }
  if (needs.has('childCount')) {
    ctes.push(`__children AS MATERIALIZED (SELECT trace_id, parent_span_id AS span_id, count(*) AS __found FROM (${await spans(files)})
      WHERE parent_span_id IS NOT NULL GROUP BY ALL)`);
    joins += ' LEFT JOIN (SELECT trace_id, span_id, __found FROM __children) USING (trace_id, span_id)';
  }
  return { ctes, joins };
}

/** The earliest root of all: of the index rows of a trace, those that have one. */
function fromIndexes(paths: readonly string[]): string {
  return `SELECT trace_id, first_time, last_time,
    CASE WHEN root_name IS NOT NULL OR root_service_name IS NOT NULL
      THEN {'t': first_time, 'name': root_name, 'service': root_service_name} END AS root
    FROM read_parquet([${paths.map(quoteLiteral).join(', ')}])`;
}

function fromSpans(spans: string): string {
  return `SELECT trace_id, start_time AS first_time, ${endTime} AS last_time,
    CASE WHEN parent_span_id IS NULL THEN {'t': start_time, 'name': name, 'service': service_name} END AS root FROM (${spans})`;
}

/** SQL of a span's end. The duration wraps, as the times that were sent may be anything. */
export const endTime = 'coalesce(TRY_CAST(start_time::HUGEINT + duration_ns AS BIGINT), start_time)';
