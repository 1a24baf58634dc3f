// Attributes and built-in fields as SQL. A field can have several values at once: elements of a list, an event each,
// a column and the overflow; so a condition asks whether *some* value passes.
import type { AttributeScope, FieldExpression, Intrinsic } from './ast.ts';
import { intrinsicTypes } from './intrinsics.ts';
import * as sql from './sql.ts';
import type { Need, OverflowScope, TraceTable } from './table.ts';

/** Values compare within one of these; `number` covers integers, floats and durations (in nanoseconds). */
export type ValueType = 'string' | 'number' | 'bool' | 'status' | 'kind';

/** Makes a condition out of a value's SQL. */
export type Test = (value: string) => string;

/** A field of a span, ready to be put into conditions. */
export interface Field {
  /** True where some value of the type passes the test; `FALSE` where there can't be one. */
  some(type: ValueType, test: Test): string;
  /** True where the field has a value of whichever type. */
  readonly exists: string;
  /** The one number that it holds, NULL if it has none; undefined for fields with several values (events, links). */
  readonly number?: string;
  /** The value as OTLP's JSON AnyValue in text, NULL if there is none; of several values the first. */
  readonly json: string;
  /** True if each row has at most one value, so that `!=` can be asked of it as it is. */
  readonly single: boolean;
}

const columnType = (type: string): ValueType => {
  const base = type.replace('[]', '');
  return base === 'int' || base === 'float' ? 'number' : (base as ValueType);
};

const jsonNames: Record<string, string> = {
  string: 'stringValue',
  int: 'intValue',
  float: 'doubleValue',
  bool: 'boolValue',
};

/** An attribute that stands in the table itself: its column if it has one, and the overflow. */
function stored(table: TraceTable, overflowScope: OverflowScope, column: string, key: string, side: string): Field {
  const type = column === 'service_name' ? 'string' : table.columns.get(column);
  const quoted = sql.name(column);
  const parts: Field[] = type
    ? [type.endsWith('[]') ? listColumn(quoted, type, side) : scalarColumn(quoted, type)]
    : [];
  if (table.overflow.has(overflowScope)) parts.push(keyed(`${overflowScope}_overflow`, key, side));
  return parts.length === 1 ? parts[0]! : union(parts);
}

function scalarColumn(column: string, type: string): Field {
  const valueType = columnType(type);
  return {
    some: (wanted, test) => (wanted === valueType ? test(column) : 'FALSE'),
    exists: `${column} IS NOT NULL`,
    number: valueType === 'number' ? column : 'NULL',
    json: `CASE WHEN ${column} IS NOT NULL THEN ${anyValue(column, type)} END`,
    single: true,
  };
}

function anyValue(value: string, type: string): string {
  return `json_object('${jsonNames[type]}', ${type === 'int' ? `${value}::VARCHAR` : value})::VARCHAR`;
}

function listColumn(column: string, type: string, side: string): Field {
  const values = `list_transform(${column}, lambda ${side}v: json_object('${jsonNames[type.replace('[]', '')]}', ${type === 'int[]' ? `${side}v::VARCHAR` : `${side}v`}))`;
  return {
    some: (wanted, test) => (wanted === columnType(type) ? sql.some(column, `${side}v`, test) : 'FALSE'),
    exists: `${column} IS NOT NULL`,
    number: 'NULL',
    json: `CASE WHEN ${column} IS NOT NULL THEN json_object('arrayValue', json_object('values', ${values}))::VARCHAR END`,
    single: false,
  };
}

// The paths of a value of each type in OTLP's JSON, alone or in an array.
const jsonPaths: Partial<Record<ValueType, readonly string[]>> = {
  string: ['stringValue'],
  number: ['intValue', 'doubleValue'],
  bool: ['boolValue'],
};
const castTo: Partial<Record<ValueType, string>> = { number: 'DOUBLE', bool: 'BOOLEAN' };
const cast = (value: string, type: ValueType) => (castTo[type] ? `TRY_CAST(${value} AS ${castTo[type]})` : value);

/** An attribute in a list of `{key, value}` with values in OTLP's JSON. */
function keyed(list: string, key: string, side: string): Field {
  const entry = `${side}a`;
  const found = (test: Test) =>
    sql.some(list, entry, () => sql.all([`${entry}.key = ${sql.text(key)}`, test(`${entry}.value`)]));
  const entries = `list_filter(${list}, lambda ${entry}: ${entry}.key = ${sql.text(key)})`;
  return {
    some(type, test) {
      const paths = jsonPaths[type];
      if (!paths) return 'FALSE';
      return found((value) =>
        sql.any(
          paths.flatMap((path) => [
            test(cast(`json_extract_string(${value}, '$.${path}')`, type)),
            sql.some(`json_extract_string(${value}, '$.arrayValue.values[*].${path}')`, `${side}v`, (element) =>
              test(cast(element, type)),
            ),
          ]),
        ),
      );
    },
    exists: found(() => 'TRUE'),
    number: `TRY_CAST(coalesce(json_extract_string(${entries}[1].value, '$.intValue'), json_extract_string(${entries}[1].value, '$.doubleValue')) AS DOUBLE)`,
    json: `${entries}[1].value`,
    single: false,
  };
}

/** All values of several fields. */
function union(parts: readonly Field[]): Field {
  return {
    some: (type, test) => sql.any(parts.map((part) => part.some(type, test))),
    exists: sql.any(parts.map((part) => part.exists)),
    number: parts.length === 0 ? 'NULL' : `coalesce(${parts.map((part) => part.number).join(', ')})`,
    json: parts.length === 0 ? 'NULL' : `coalesce(${parts.map((part) => part.json).join(', ')})`,
    single: parts.length === 0,
  };
}

/** The first field if it has a value, else the second: how an unscoped attribute is looked up. */
function firstOf(first: Field, second: Field): Field {
  if (first.exists === 'FALSE') return second;
  if (second.exists === 'FALSE') return first;
  return {
    some: (type, test) => sql.any([first.some(type, test), guarded(first, second.some(type, test))]),
    exists: sql.any([first.exists, second.exists]),
    number: `coalesce(${first.number}, ${second.number})`,
    json: `coalesce(${first.json}, ${second.json})`,
    single: false,
  };
}

const guarded = (first: Field, condition: string) =>
  condition === 'FALSE' ? 'FALSE' : sql.all([sql.not(first.exists), condition]);

/** A field of each event or link of a span. `within` gives the field of one of them. */
function each(list: string, element: string, within: Field): Field {
  const over = (condition: string) => sql.some(list, element, () => condition);
  return {
    some: (type, test) => over(within.some(type, test)),
    exists: over(within.exists),
    json: `list_filter(list_transform(${list}, lambda ${element}: ${within.json}), lambda ${element}j: ${element}j IS NOT NULL)[1]`,
    single: false,
  };
}

/** One value that every row has or lacks. */
function plain(value: string, type: ValueType, json?: string): Field {
  return {
    some: (wanted, test) => (wanted === type ? test(value) : 'FALSE'),
    exists: `${value} IS NOT NULL`,
    number: type === 'number' ? value : 'NULL',
    json: `CASE WHEN ${value} IS NOT NULL THEN ${json ?? anyValue(value, type === 'number' ? 'int' : 'string')} END`,
    single: true,
  };
}

const keyword = (column: string, names: readonly string[]) =>
  `json_object('stringValue', CASE ${column} ${names.map((n, i) => `WHEN ${i} THEN '${n}'`).join(' ')} ELSE ${column}::VARCHAR END)::VARCHAR`;
// OTLP senders may leave kind and status out: that is unspecified and unset.
const kind = 'coalesce(kind, 0)';
const status = 'coalesce(status_code, 0)';

const intrinsicFields: Readonly<Partial<Record<Intrinsic, (side: string) => Field>>> = {
  'span:duration': () => plain('duration_ns', 'number'),
  'span:name': () => plain('name', 'string'),
  'span:kind': () =>
    plain(kind, 'kind', keyword(kind, ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'])),
  'span:status': () => plain(status, 'status', keyword(status, ['unset', 'ok', 'error'])),
  'span:statusMessage': () => plain('status_message', 'string'),
  'span:id': () => plain('span_id', 'string'),
  'span:parentID': () => plain('parent_span_id', 'string'),
  'span:childCount': () => plain('__child_count', 'number'),
  'trace:duration': () => plain('__trace_duration_ns', 'number'),
  'trace:rootName': () => plain('__root_name', 'string'),
  'trace:rootService': () => plain('__root_service', 'string'),
  'trace:id': () => plain('trace_id', 'string'),
  'instrumentation:name': () => plain('scope_name', 'string'),
  'instrumentation:version': () => plain('scope_version', 'string'),
  'event:name': (side) => each('events', `${side}e`, plain(`${side}e.name`, 'string')),
  'event:timeSinceStart': (side) => each('events', `${side}e`, plain(`(${side}e.time - start_time)`, 'number')),
  'link:traceID': (side) => each('links', `${side}e`, plain(`${side}e.trace_id`, 'string')),
  'link:spanID': (side) => each('links', `${side}e`, plain(`${side}e.span_id`, 'string')),
  nestedSetParent: () => plain('(CASE WHEN parent_span_id IS NULL THEN -1 ELSE 1 END)', 'number'),
};

function attribute(table: TraceTable, scope: AttributeScope, key: string, side: string): Field {
  // The service's name has a base column, and no other.
  const resource = () =>
    stored(table, 'resource', key === 'service.name' ? 'service_name' : `resource.${key}`, key, side);
  const span = () => stored(table, 'span', `span.${key}`, key, side);
  switch (scope) {
    case 'span':
      return span();
    case 'resource':
      return resource();
    case 'instrumentation':
      return stored(table, 'scope', `scope.${key}`, key, side);
    case 'event':
      return each('events', `${side}e`, keyed(`${side}e.attributes`, key, side));
    case 'link':
      return each('links', `${side}e`, keyed(`${side}e.attributes`, key, side));
    case 'any':
      return firstOf(span(), resource());
    case 'parent':
      throw new Error('the checker lets no parent attributes through');
  }
}

/**
 * The field of an attribute or built-in. `side` makes the names of its list elements its own, where two fields meet in
 * one condition. What it needs beyond the table is added to `needs`.
 */
export function fieldOf(
  expression: FieldExpression & { node: 'attribute' | 'intrinsic' },
  table: TraceTable,
  side: string,
  needs: Set<Need>,
): Field {
  if (expression.node === 'attribute') return attribute(table, expression.scope, expression.name, side);
  const { intrinsic } = expression;
  if (intrinsic === 'span:childCount') needs.add('childCount');
  if (intrinsic.startsWith('trace:') && intrinsic !== 'trace:id') needs.add('trace');
  const field = intrinsicFields[intrinsic];
  if (!field) throw new Error(`the checker lets no ${intrinsic} through`);
  return field(side);
}

/** The type of a built-in field's values. */
export function valueTypeOf(intrinsic: Intrinsic): ValueType {
  const type = intrinsicTypes[intrinsic];
  return type === 'int' || type === 'float' || type === 'duration' ? 'number' : type;
}
