import { quoteIdentifier } from '@signaldb/duckdb';
import type { TableName } from '@signaldb/otlp';
import type { ShownColumn } from '../../tables/shown-columns.ts';

/** A view that every session has, unless the tenant has a table of its name. */
export interface BuiltinView {
  readonly name: string;
  readonly reads: TableName;
  readonly comment: string;
  /** The column whose conditions hold for the table’s own time, as a TIMESTAMP. */
  readonly timeColumn?: string;
  /** Its columns, made from those of its table. */
  readonly columns: (stored: readonly ShownColumn[]) => readonly ShownColumn[];
  /** What stands after FROM. */
  readonly from: string;
}

const column = (name: string, type: string, expression: string, comment: string): ShownColumn => ({
  name,
  fieldId: undefined,
  type,
  expression,
  comment,
});

/** Columns as they are in the table. */
function asStored(stored: readonly ShownColumn[], names: readonly string[]): ShownColumn[] {
  return names.flatMap((name) => {
    const found = stored.find((candidate) => candidate.name === name);
    return found === undefined ? [] : [{ ...found, expression: quoteIdentifier(name) }];
  });
}

const attributeColumn = /^(span|log|resource|scope)\./;

/** Columns of attributes. */
function attributesOf(stored: readonly ShownColumn[]): ShownColumn[] {
  const names = stored.map(({ name }) => name).filter((name) => attributeColumn.test(name));
  return asStored(stored, names);
}

const timestamp = (ns: string): string => `make_timestamp(${ns} // 1000)`;
const plainMap = `MAP(VARCHAR, VARCHAR)`;
const textOf = `coalesce(a.value ->> '$.stringValue', a.value ->> '$.intValue', a.value ->> '$.doubleValue', a.value ->> '$.boolValue', a.value)`;

const kinds =
  "CASE kind WHEN 1 THEN 'internal' WHEN 2 THEN 'server' WHEN 3 THEN 'client' WHEN 4 THEN 'producer' WHEN 5 THEN 'consumer' ELSE 'unspecified' END";
const statuses = "CASE status_code WHEN 1 THEN 'ok' WHEN 2 THEN 'error' ELSE 'unset' END";
const severities =
  "coalesce(severity_text, CASE WHEN severity_number BETWEEN 1 AND 24 THEN ['trace', 'debug', 'info', 'warn', 'error', 'fatal'][(severity_number + 3) // 4] END)";

export const builtinViews: readonly BuiltinView[] = [
  {
    name: 'spans',
    reads: 'traces',
    comment:
      'The table traces in types for people: times as TIMESTAMP (UTC), durations in milliseconds, kinds and statuses as words',
    timeColumn: 'start_time',
    from: 'traces',
    columns: (stored) => [
      ...asStored(stored, ['trace_id', 'span_id', 'parent_span_id', 'service_name', 'name']),
      column('kind', 'VARCHAR', kinds, 'internal, server, client, producer, consumer or unspecified'),
      column('start_time', 'TIMESTAMP', timestamp('start_time'), 'When the span began, UTC'),
      column('end_time', 'TIMESTAMP', timestamp('end_time'), 'When the span ended, UTC'),
      column('duration_ms', 'DOUBLE', 'duration_ns / 1e6', 'How long it took, in milliseconds'),
      column('status', 'VARCHAR', statuses, 'ok, error or unset'),
      ...asStored(stored, ['status_message', 'scope_name']),
      ...attributesOf(stored),
    ],
  },
  {
    name: 'span_events',
    reads: 'traces',
    comment: 'Events of spans, one row an event',
    from: '(SELECT trace_id, span_id, service_name, name AS span_name, unnest(events) AS event FROM traces WHERE events IS NOT NULL)',
    columns: (stored) => [
      ...asStored(stored, ['trace_id', 'span_id', 'service_name']),
      column('span_name', 'VARCHAR', 'span_name', 'Name of the span’s operation'),
      column('time', 'TIMESTAMP', timestamp('event.time'), 'When it happened, UTC'),
      column('name', 'VARCHAR', 'event.name', 'Name of the event'),
      column(
        'attributes',
        plainMap,
        `MAP(list_transform(event.attributes, lambda a: a.key), list_transform(event.attributes, lambda a: ${textOf}))`,
        'Attributes of the event, their values as text',
      ),
    ],
  },
  {
    name: 'log_lines',
    reads: 'logs',
    comment: 'The table logs in types for people: times as TIMESTAMP (UTC), severity as a word',
    timeColumn: 'time',
    from: 'logs',
    columns: (stored) => [
      column('time', 'TIMESTAMP', timestamp('time'), 'When it happened, UTC'),
      ...asStored(stored, ['service_name']),
      column(
        'severity',
        'VARCHAR',
        severities,
        'Severity as the source names it, else trace, debug, info, warn, error or fatal',
      ),
      column('body', 'VARCHAR', 'coalesce(body, body_value)', 'The message'),
      ...asStored(stored, ['event_name', 'trace_id', 'span_id', 'scope_name']),
      ...attributesOf(stored),
    ],
  },
];

/** SQL that makes a view visible to a session that has its table. */
export function createBuiltinView({ name, from, columns }: BuiltinView, stored: readonly ShownColumn[]): string {
  const list = columns(stored).map((shown) => `${shown.expression} AS ${quoteIdentifier(shown.name)}`);
  return `CREATE TEMP VIEW ${quoteIdentifier(name)} AS SELECT ${list.join(', ')} FROM ${from}`;
}
