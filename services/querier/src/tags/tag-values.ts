import { quoteIdentifier, quoteLiteral } from '@signaldb/duckdb';
import { recordBatchOf } from '@signaldb/flight';
import { type CheckedSearch, parseUnfinished } from '@signaldb/traceql';
import { Field, type RecordBatch, Schema, Utf8, vectorFromArray } from 'apache-arrow';
import { nsPerMs, type QueryContext, type QueryRun } from '../context.ts';
import type { LocalFile } from '../files/file-access.ts';
import { rowsOf } from '../rows.ts';
import { filteredSql } from '../search/filtered-sql.ts';
import { traceqlType } from '../search/span-filter.ts';
import { traceFacts } from '../search/trace-facts.ts';
import { allColumns } from '../tables/read-sql.ts';
import type { TableColumn } from '../tables/table-columns.ts';
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

/** Where values are: a column with one value a row, or columns of which a list of `{type, value}` is made. */
type ValueSource =
  | { readonly column: string; readonly type: string }
  | { readonly column: string; readonly list: string };

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
      const values = await valuesSql(open, tag, { filter, selected: [] }, times, around);
      if (values === undefined) return toBatch([]);
      const batches = await duck.rows(
        `${values.ctes} SELECT DISTINCT type, value FROM (${values.rows}) WHERE value IS NOT NULL ORDER BY value, type LIMIT ${limit}`,
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
  if (rootField !== undefined) {
    const { ctes } = await traceFacts(open.files, files, table.columns, new Set(['trace']));
    const rows = `SELECT 'string' AS type, ${rootField} AS value FROM __trace`;
    return { ctes: `WITH ${ctes.join(', ')}`, rows };
  }
  const local = await open.files.local(files);
  const types = typesInUse(allColumns(table.columns, local), local);
  const sources = (tag.kind === 'field' ? fieldSources(tag.name) : attributeSources(tag, types)).filter(({ column }) =>
    types.has(column),
  );
  if (sources.length === 0) return undefined;
  const factFiles = (needs: ReadonlySet<string>) =>
    needs.size === 0 ? [] : filesBetween(table.files, widen(times, around));
  const columns = sources.map(({ column }) => column);
  const filtered = await filteredSql(open, search, { files, factFiles, times, ids: undefined }, columns);
  if (filtered === undefined) return undefined;
  return { ctes: filtered.ctes, rows: sources.map((source) => rowsOfSource(source, filtered.sql)).join(' UNION ALL ') };
}

/** Types of the columns that have a value in some file. */
function typesInUse(columns: readonly TableColumn[], files: readonly LocalFile[]): Map<string, string> {
  const used = new Set(
    files.flatMap(({ info }) => [...info.columns.values()].flatMap(({ name, isEmpty }) => (isEmpty ? [] : [name]))),
  );
  return new Map(columns.filter(({ name }) => used.has(name)).map(({ name, type }) => [name, type]));
}

/** SQL of a source's values. They are told apart before they are made text. */
function rowsOfSource(source: ValueSource, spans: string): string {
  const column = quoteIdentifier(source.column);
  if ('type' in source)
    return `SELECT '${source.type}' AS type, ${column}::VARCHAR AS value FROM (SELECT DISTINCT ${column} FROM (${spans}))`;
  return `SELECT v.type AS type, v.value AS value FROM (SELECT DISTINCT unnest(${source.list}) AS v FROM (${spans}) WHERE ${column} IS NOT NULL)`;
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
  if (column !== undefined) return [{ column, type: 'string' }];
  const inList = listFields[name];
  if (inList !== undefined) {
    const [list, field] = inList;
    return [{ column: list, list: `list_transform(${list}, lambda e: ${typed('string', `e.${field}`)})` }];
  }
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
    sources.push({ column: `${prefix}_overflow`, list: keyedValues(`${prefix}_overflow`, name) });
  }
  for (const [place, column] of [
    ['event', 'events'],
    ['link', 'links'],
  ] as const) {
    if (scope !== place) continue;
    const values = `flatten(list_transform(${column}, lambda e: ${keyedValues('e.attributes', name)}))`;
    sources.push({ column, list: values });
  }
  return sources;
}

function columnSource(column: string, duckType: string): ValueSource {
  const type = traceqlType(duckType) ?? 'string';
  if (!type.endsWith('[]')) return { column, type };
  return { column, list: `list_transform(${quoteIdentifier(column)}, lambda e: ${typed(type.slice(0, -2), 'e')})` };
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
