import { recordBatchOf } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import {
  Field,
  Float64,
  Int64,
  type RecordBatch,
  Schema,
  TimestampMillisecond,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import type { FlightSqlHandlers } from '../handlers.ts';
import { fixedSessions } from '../sessions.ts';
import type { SqlStatement } from '../statement.ts';

const numbers = new Schema([new Field('n', new Int64(), false)]);
const echo = new Schema([new Field('value', new Utf8(), true)]);
const people = new Schema([
  new Field('id', new Int64(), false),
  new Field('name', new Utf8(), true),
  new Field('score', new Float64(), true),
  new Field('seen', new TimestampMillisecond(), true),
]);

const peopleRows: readonly (readonly unknown[])[] = [
  [1n, 2n, 3n],
  ['Ada', 'Grace', null],
  [1.5, null, -2],
  [0, 1_700_000_000_000, null],
];

function rowsOf(schema: Schema, columns: readonly (readonly unknown[])[]): RecordBatch {
  const data = schema.fields.map((field, i) => vectorFromArray(columns[i] as unknown[], field.type).data[0]!);
  return recordBatchOf(schema, data, columns[0]!.length);
}

async function* count(total: number, signal: AbortSignal): AsyncGenerator<RecordBatch> {
  for (let first = 0; first < total; first += 10_000) {
    const rows = Math.min(10_000, total - first);
    const values = BigInt64Array.from({ length: rows }, (_, i) => BigInt(first + i));
    yield recordBatchOf(numbers, [vectorFromArray(values).data[0]!], rows);
    await new Promise(setImmediate);
    if (signal.aborted) return;
  }
}

/**
 * A database of one table that understands a handful of statements:
 * `SELECT * FROM people`, `COUNT <n>`, `ECHO ?`, `FAIL <status>`, `SLEEP`, and, where it may write, `TOUCH <n>` and `SET ?`.
 */
export function toyHandlers(options: { readonly writable?: boolean; readonly onStop?: () => void } = {}) {
  const log: string[] = [];
  const text = (statement: SqlStatement) => {
    const values = statement.parameters?.data.children.map((_, i) => statement.parameters!.getChildAt(i)!.get(0));
    return values ? `${statement.sql} [${values.map((value) => String(value)).join(', ')}]` : statement.sql;
  };
  const handlers: FlightSqlHandlers = {
    async prepare(sql) {
      if (sql === 'SELECT * FROM people') return { schema: people };
      if (/^COUNT \d+$/.test(sql) || sql === 'SLEEP') return { schema: numbers };
      if (sql === 'ECHO ?') return { schema: echo, parameters: new Schema([new Field('1', new Utf8(), true)]) };
      if (/^(TOUCH \d+|SET \?)$/.test(sql)) return sql === 'SET ?' ? { parameters: numbers } : {};
      const [, status] = /^FAIL (\w+)$/.exec(sql) ?? [];
      if (status) throw new GrpcError(Status[status as keyof typeof Status], `failed as asked: ${status}`);
      throw new GrpcError(Status.INVALID_ARGUMENT, `line 1, column 1: ${JSON.stringify(sql)} means nothing`);
    },
    async query(statement, context) {
      log.push(text(statement));
      const { sql, parameters } = statement;
      if (sql === 'SLEEP') {
        await new Promise((_, reject) => {
          context.signal.addEventListener('abort', () => {
            options.onStop?.();
            reject(context.signal.reason);
          });
        });
      }
      if (sql.startsWith('COUNT')) return { schema: numbers, batches: count(Number(sql.slice(6)), context.signal) };
      if (sql === 'ECHO ?') {
        if (!parameters) throw new GrpcError(Status.INVALID_ARGUMENT, 'ECHO needs a value for its parameter');
        const value = parameters.getChildAt(0)!.get(0);
        const batch = rowsOf(echo, [[value === null ? null : String(value)]]);
        return { schema: echo, batches: from(batch) };
      }
      return { schema: people, batches: from(rowsOf(people, peopleRows)) };
    },
    metadata: {
      catalogs: async () => ['toys', 'attic'],
      schemas: async () => [
        { catalog: 'toys', schema: 'main' },
        { catalog: 'toys', schema: 'box_1' },
        { catalog: 'attic', schema: 'main' },
      ],
      tables: async () => [
        { catalog: 'toys', schema: 'main', table: 'people', type: 'TABLE', columns: people },
        { catalog: 'toys', schema: 'main', table: 'numbers', type: 'VIEW', columns: numbers },
        { catalog: 'toys', schema: 'box_1', table: 'people', type: 'TABLE', columns: people },
      ],
      primaryKeys: async ({ table }) =>
        table === 'people'
          ? [{ catalog: 'toys', schema: 'main', table, column: 'id', sequence: 1, keyName: 'pk' }]
          : [],
    },
    sessions: fixedSessions({ catalog: 'toys', schema: 'main' }),
    ...(options.writable && {
      async update(statement: SqlStatement) {
        const { sql, parameters } = statement;
        const bound = Array.from(parameters ?? [], (row) => Object.values(row!.toJSON()).map(String).join(', '));
        log.push(...(parameters ? bound.map((row) => `${sql} [${row}]`) : [sql]));
        const { schema } = await handlers.prepare(statement.sql, undefined as never);
        if (schema) throw new GrpcError(Status.INVALID_ARGUMENT, 'a query is no update');
        return sql === 'SET ?' ? bound.length : Number(sql.slice(6));
      },
      async ingest(request: { table: string }, messages: AsyncIterable<{ batch?: RecordBatch }>) {
        let rows = 0;
        for await (const { batch } of messages) rows += batch?.numRows ?? 0;
        log.push(`INGEST ${request.table} ${rows}`);
        return rows;
      },
    }),
  };
  return { handlers, log };
}

async function* from<T>(...items: T[]): AsyncGenerator<T> {
  yield* items;
}
