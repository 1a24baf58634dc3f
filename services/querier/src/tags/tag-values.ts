import { quoteIdentifier, quoteLiteral } from '@signaldb/duckdb';
import { recordBatchOf } from '@signaldb/flight';
import { type CheckedSearch, parseUnfinished } from '@signaldb/traceql';
import { Field, type RecordBatch, Schema, Utf8, vectorFromArray } from 'apache-arrow';
import { nsPerMs, type QueryContext, type QueryRun } from '../context.ts';
import { rowsOf } from '../rows.ts';
import { filteredSql } from '../search/filtered-sql.ts';
import { traceqlType } from '../search/span-filter.ts';
import { traceFacts } from '../search/trace-facts.ts';
import { allColumns } from '../tables/read-sql.ts';
import type { OpenTables } from '../tables/table-reader.ts';
import type { TicketOf } from '../ticket.ts';
import { type TimeRange, widen } from '../time-range.ts';
import { filesBetween } from '../traces/span-files.ts';
import { parseTag, type Tag } from './tag.ts';

/** One row a value: its type as TraceQL's, and its text. */
export const tagValuesSchema = new Schema([
  new Field('type', new Utf8(), false),
  new Field('value', new Utf8(), false),
]);

/** Where values are: SQL of a list of `{type, value}` of one span, and the columns that it reads. */
interface ValueSource {
  readonly columns: readonly string[];
  readonly list: string;
}

/** The values that a tag has, of spans that match the finished part of a query; sorted, the first `limit`. */
export async function tagValues(
  context: QueryContext,
  ticket: TicketOf<'tag_values'>,
  run: QueryRun,
): Promise<RecordBatch> {
  const { config, reader, duck } = context;
  const times: TimeRange = { min: ticket.start, max: ticket.end };
  const around = BigInt(config.traceLookAroundMs) * nsPerMs;
  const limit = Math.min(ticket.limit || config.tagsLimitMax, config.tagsLimitMax);
  const filter = ticket.q === undefined ? undefined : parseUnfinished(ticket.q);
  const tag = parseTag(ticket.tag);
  return reader.use(
    { tenant: ticket.tenant, tables: ['traces'], times: widen(times, around) },
    run.outcome,
    async (open) => {
      const files = filesBetween(open.tables.get('traces')!.files, times);
      run.outcome.addFiles(files);
      const sql = await valuesSql(open, tag, { filter, selected: [] }, times, around);
      if (sql === undefined) return toBatch([]);
      const batches = await duck.rows(
        `${sql.ctes} SELECT DISTINCT v.type AS type, v.value AS value FROM (${sql.rows}) WHERE v.value IS NOT NULL ORDER BY value, type LIMIT ${limit}`,
        { signal: run.signal },
      );
      return toBatch([...rowsOf(batches)].map((row) => ({ type: String(row('type')), value: String(row('value')) })));
    },
  );
}

async function valuesSql(
  open: OpenTables,
  tag: Tag,
  search: CheckedSearch,
  times: TimeRange,
  around: bigint,
): Promise<{ ctes: string; rows: string } | undefined> {
  const table = open.tables.get('traces')!;
  const files = filesBetween(table.files, times);
  const rootField = tag.kind === 'field' ? rootFields[tag.name] : undefined;
  if (rootField !== undefined && search.filter === undefined) {
    const { ctes } = await traceFacts(open.files, files, table.columns, new Set(['trace']));
    return { ctes: `WITH ${ctes.join(', ')}`, rows: `SELECT ${typed('string', rootField)} AS v FROM __trace` };
  }
  const local = await open.files.local(files);
  const types = new Map(allColumns(table.columns, local).map(({ name, type }) => [name, type]));
  const sources = tag.kind === 'field' ? fieldSources(tag.name) : attributeSources(tag, types);
  if (sources.length === 0) return undefined;
  const columns = [...new Set(sources.flatMap((source) => source.columns))];
  const around2 = filesBetween(table.files, widen(times, around));
  const scope = {
    files,
    factFiles: (needs: ReadonlySet<string>) => (needs.size === 0 ? [] : around2),
    times,
    ids: undefined,
  };
  const filtered = await filteredSql(open, search, scope, columns.map(quoteIdentifier), { extra: columns });
  if (filtered === undefined) return undefined;
  const rows = sources.map(({ list }) => `SELECT unnest(${list}) AS v FROM (${filtered.sql})`);
  return { ctes: filtered.ctes, rows: rows.join(' UNION ALL ') };
}

const typed = (type: string, value: string): string => `{'type': '${type}', 'value': (${value})::VARCHAR}`;

/** Facts of whole traces, from the trace index. */
const rootFields: Readonly<Record<string, string>> = {
  'trace:rootName': '__root_name',
  'trace:rootService': '__root_service',
};

const textFields: Readonly<Record<string, string>> = {
  'span:name': 'name',
  'span:statusMessage': 'status_message',
  'span:id': 'span_id',
  'span:parentID': 'parent_span_id',
  'trace:id': 'trace_id',
  'instrumentation:name': 'scope_name',
  'instrumentation:version': 'scope_version',
};

const listFields: Readonly<Record<string, [column: string, field: string]>> = {
  'event:name': ['events', 'name'],
  'link:traceID': ['links', 'trace_id'],
  'link:spanID': ['links', 'span_id'],
};

function fieldSources(name: string): ValueSource[] {
  const column = textFields[name];
  if (column !== undefined) return [{ columns: [column], list: `[${typed('string', column)}]` }];
  const inList = listFields[name];
  if (inList !== undefined) {
    const [list, field] = inList;
    return [{ columns: [list], list: `list_transform(${list}, lambda e: ${typed('string', `e.${field}`)})` }];
  }
  if (name in rootFields) return [{ columns: [], list: `[${typed('string', rootFields[name]!)}]` }];
  return [];
}

function attributeSources(
  { scope, name }: Tag & { kind: 'attribute' },
  types: ReadonlyMap<string, string>,
): ValueSource[] {
  const sources: ValueSource[] = [];
  for (const [place, prefix] of [
    ['span', 'span'],
    ['resource', 'resource'],
    ['instrumentation', 'scope'],
  ] as const) {
    if (scope !== place && !(scope === 'any' && place !== 'instrumentation')) continue;
    const column = place === 'resource' && name === 'service.name' ? 'service_name' : `${prefix}.${name}`;
    const type = types.get(column);
    if (type !== undefined) sources.push(columnSource(column, type));
    sources.push({ columns: [`${prefix}_overflow`], list: keyedValues(`${prefix}_overflow`, name) });
  }
  for (const [place, column] of [
    ['event', 'events'],
    ['link', 'links'],
  ] as const) {
    if (scope !== place) continue;
    const values = `flatten(list_transform(${column}, lambda e: ${keyedValues('e.attributes', name)}))`;
    sources.push({ columns: [column], list: values });
  }
  return sources;
}

function columnSource(column: string, duckType: string): ValueSource {
  const type = traceqlType(duckType) ?? 'string';
  const quoted = quoteIdentifier(column);
  const list = type.endsWith('[]')
    ? `list_transform(${quoted}, lambda e: ${typed(type.slice(0, -2), 'e')})`
    : `[${typed(type, quoted)}]`;
  return { columns: [column], list };
}

/** Values of a key in a list of `{key, value}`, whose values are OTLP's JSON; those of arrays one by one. */
function keyedValues(list: string, key: string): string {
  const json = [
    ['string', 'stringValue'],
    ['int', 'intValue'],
    ['float', 'doubleValue'],
    ['bool', 'boolValue'],
  ] as const;
  const one = json.map(([type, path]) => typed(type, `json_extract_string(a.value, '$.${path}')`));
  const elements = json.map(
    ([type, path]) =>
      `list_transform(json_extract_string(a.value, '$.arrayValue.values[*].${path}'), lambda x: ${typed(type, 'x')})`,
  );
  const values = `list_concat([${one.join(', ')}], ${elements.join(', ')})`;
  return `flatten(list_transform(list_filter(${list}, lambda a: a.key = ${quoteLiteral(key)}), lambda a: ${values}))`;
}

function toBatch(rows: readonly { readonly type: string; readonly value: string }[]): RecordBatch {
  const text = (values: string[]) => vectorFromArray(values, new Utf8()).data[0]!;
  const columns = [text(rows.map(({ type }) => type)), text(rows.map(({ value }) => value))];
  return recordBatchOf(tagValuesSchema, columns, rows.length);
}
