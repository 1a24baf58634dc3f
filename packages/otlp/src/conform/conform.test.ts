import { describe, expect, it } from '@jest/globals';
import { TracesData } from '@signaldb/proto/opentelemetry/proto/trace/v1/trace';
import {
  Field,
  Float64,
  Int64,
  List,
  type RecordBatch,
  Schema,
  Table,
  tableFromIPC,
  tableToIPC,
  Utf8,
} from 'apache-arrow';
import { canonicalTraces } from '../../test/canonical.ts';
import { RandomOtlp } from '../../test/random-otlp.ts';
import { conformBatch, createSignalAppender, encodeTraces, planColumns, signalTables } from '../index.ts';

const base = signalTables.traces.baseSchema;

function tableWith(...fields: Field[]): Schema {
  return new Schema([...base.fields, ...fields]);
}

function text(name: string): Field {
  return new Field(name, new Utf8(), true);
}

function batchOf(attributes: Record<string, string | number>[]): RecordBatch {
  const appender = createSignalAppender({ signal: 'traces' });
  const spans = attributes.map((values, i) => ({
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: `00f067aa0ba902b${i}`,
    attributes: Object.entries(values).map(([key, value]) => ({
      key,
      value: typeof value === 'string' ? { stringValue: value } : { intValue: value },
    })),
  }));
  appender.append(Buffer.from(JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] })), 'json');
  appender.commit(1);
  return appender.seal()[0]!.batch;
}

describe('planColumns', () => {
  const cases: [string, Schema, Schema, number, string[], string[]][] = [
    [
      'adds columns while there is room',
      tableWith(text('span.a')),
      tableWith(text('span.b'), text('span.c')),
      2,
      ['span.a', 'span.b'],
      ['span.c'],
    ],
    ['keeps what is there', tableWith(text('span.a')), tableWith(text('span.a')), 0, ['span.a'], []],
    [
      'folds another type',
      tableWith(text('span.a')),
      tableWith(new Field('span.a', new Int64(), true)),
      9,
      ['span.a'],
      ['span.a'],
    ],
    ['folds another case', tableWith(text('span.a')), tableWith(text('span.A')), 9, ['span.a'], ['span.A']],
    [
      'takes lists whatever their elements are called',
      tableWith(new Field('span.a', new List(text('item')))),
      tableWith(new Field('span.a', new List(text('element')))),
      9,
      ['span.a'],
      [],
    ],
  ];
  it.each(cases)('%s', (_, table, batch, attributeColumnsMax, columns, folded) => {
    const plan = planColumns(table, batch, { attributeColumnsMax });
    expect(plan.schema.fields.slice(base.fields.length).map(({ name }) => name)).toEqual(columns);
    expect(plan.folded).toEqual(folded);
  });

  it('answers the same schema where nothing is to be added', () => {
    const table = tableWith(text('span.a'));
    expect(planColumns(table, base, { attributeColumnsMax: 0 }).schema).toBe(table);
  });

  it('adds any column to a table that is not one of signals', () => {
    const plan = planColumns(new Schema([text('x')]), new Schema([text('span.a'), text('y')]), {
      attributeColumnsMax: 0,
    });
    expect(plan.schema.names).toEqual(['x', 'span.a', 'y']);
  });
});

describe('conformBatch', () => {
  const batch = batchOf([{ a: 'x', n: 1 }, { a: 'y"', b: 'z' }, {}]);

  it('orders columns as the target has them and fills in nulls', () => {
    const target = tableWith(
      text('span.b'),
      text('span.later'),
      new Field('span.n', new Int64(), true),
      text('span.a'),
    );
    expect(conformBatch(batch, target).schema.fields).toEqual(target.fields);
    const rows = [...conformBatch(batch, target)].map((row) => row.toJSON());
    expect(rows.map((row) => [row['span.a'], row['span.b'], row['span.n'], row['span.later']])).toEqual([
      ['x', null, 1n, null],
      ['y"', 'z', null, null],
      [null, null, null, null],
    ]);
  });

  it('folds what the target lacks or has with another type', () => {
    const conformed = conformBatch(batch, tableWith(text('span.b'), new Field('span.n', new Float64(), true)));
    const overflow = [...conformed].map(
      (row) =>
        row
          .toJSON()
          .span_overflow?.toArray()
          .map((entry: object) => ({ ...entry })) ?? null,
    );
    expect(overflow).toEqual([
      [
        { key: 'a', value: '{"stringValue":"x"}' },
        { key: 'n', value: '{"intValue":"1"}' },
      ],
      [{ key: 'a', value: '{"stringValue":"y\\""}' }],
      null,
    ]);
  });

  it('gives a batch that Arrow can write and read', () => {
    const conformed = conformBatch(batch, tableWith(text('span.later')));
    const read = tableFromIPC(tableToIPC(new Table([conformed]), 'stream'));
    expect(read.toArray().map((row) => JSON.stringify(row, bigints))).toEqual(
      [...conformed].map((row) => JSON.stringify(row, bigints)),
    );
  });

  it.each([
    ['an unknown column', new Schema(base.fields.slice(1)), 'the table has no column hour'],
    [
      'another type',
      new Schema([new Field('hour', new Utf8()), ...base.fields.slice(1)]),
      'column hour is Timestamp<MICROSECOND, UTC>, the table has it as Utf8',
    ],
    [
      'a null that is not allowed',
      new Schema([...base.fields, new Field('tenant', new Utf8(), false)]),
      'column tenant may not be null',
    ],
  ])('refuses %s', (_, target, message) => {
    expect(() => conformBatch(batch, target)).toThrow(message);
  });

  it('loses nothing, whatever the table has room for', () => {
    for (let seed = 0; seed < 40; seed++) {
      const random = new RandomOtlp(seed);
      const request = TracesData.encode(random.traces()).finish();
      const appender = createSignalAppender({ signal: 'traces' });
      appender.append(request, 'protobuf');
      appender.commit(1);
      const [sealed] = appender.seal();
      if (!sealed) continue;
      const attributes = sealed.batch.schema.fields.slice(base.fields.length);
      const table = tableWith(
        ...attributes.filter(() => random.next() < 0.3).map((f) => (random.next() < 0.3 ? text(f.name) : f)),
      );
      const { schema } = planColumns(table, sealed.batch.schema, { attributeColumnsMax: random.pick([0, 3, 100]) });
      const conformed = conformBatch(sealed.batch, schema);
      const back = canonicalTraces(TracesData.decode(encodeTraces([conformed], 'protobuf')));
      expect({ seed, back }).toEqual({ seed, back: canonicalTraces(TracesData.decode(request)) });
    }
  });
});

function bigints(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value;
}
