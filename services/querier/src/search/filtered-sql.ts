import { quoteIdentifier } from '@signaldb/duckdb';
import type { CheckedSearch, Need, SelectedField } from '@signaldb/traceql';
import type { TableFile } from '../files/table-file.ts';
import type { OpenTables } from '../tables/table-reader.ts';
import type { TimeRange } from '../time-range.ts';
import { oneOf, timeCondition } from '../traces/conditions.ts';
import { filterSpans } from './span-filter.ts';
import { traceFacts } from './trace-facts.ts';

/** Which spans are filtered. */
export interface SpanScope {
  readonly files: readonly TableFile[];
  /** The files in which the whole of their traces is, if the filter asks for facts of traces. */
  readonly factFiles: (needs: ReadonlySet<Need>) => readonly TableFile[];
  readonly times: TimeRange;
  /** Of these traces alone. */
  readonly ids: readonly string[] | undefined;
}

/** SQL of the matching spans. */
export interface FilteredSql {
  /** `WITH …`, or nothing. */
  readonly ctes: string;
  readonly sql: string;
  /** The fields that the answer carries, in the order of the columns `__select0`, `__select1`, …. */
  readonly selects: readonly SelectedField[];
}

/** The spans of a scope that match a search, with some of their columns; undefined where none can. */
export async function filteredSql(
  open: OpenTables,
  search: CheckedSearch,
  scope: SpanScope,
  columns: readonly string[],
  options: { readonly withSelects?: boolean } = {},
): Promise<FilteredSql | undefined> {
  const table = open.tables.get('traces')!;
  const groups = filterSpans(search, await open.files.local(scope.files), table.columns, [
    'start_time',
    'trace_id',
    'span_id',
    ...columns,
  ]);
  if (groups.length === 0) return undefined;
  const needs = new Set(groups.flatMap(({ compiled }) => [...compiled.needs]));
  const { ctes, joins } = await traceFacts(open.files, scope.factFiles(needs), table.columns, needs);
  const childCount = needs.has('childCount') ? ', coalesce(__found, 0) AS __child_count' : '';
  const parts = groups.map(({ from, compiled }) => {
    const conditions = [
      ...timeCondition('start_time', scope.times),
      ...(scope.ids ? [oneOf('trace_id', scope.ids)] : []),
    ];
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
    const selects = options.withSelects ? compiled.selects.map(({ json }, i) => `${json} AS __select${i}`) : [];
    const spans =
      joins === ''
        ? `${from} s ${where}`
        : `(SELECT *${childCount} FROM (SELECT * FROM ${from} ${where}) s ${joins}) s`;
    const filter = joins === '' && where !== '' ? `AND (${compiled.where})` : `WHERE (${compiled.where})`;
    return `SELECT ${[...columns.map(quoteIdentifier), ...selects].join(', ')} FROM ${spans} ${filter}`;
  });
  return {
    ctes: ctes.length === 0 ? '' : `WITH ${ctes.join(', ')}`,
    sql: parts.join(' UNION ALL '),
    selects: groups[0]!.compiled.selects,
  };
}
