import { describe, expect, it } from '@jest/globals';
import {
  Binary,
  Bool,
  type DataType,
  DateDay,
  DateMillisecond,
  Decimal,
  Dictionary,
  Field,
  FixedSizeBinary,
  FixedSizeList,
  Float16,
  Float32,
  Float64,
  Int8,
  Int32,
  Int64,
  IntervalDayTime,
  LargeUtf8,
  List,
  Map_,
  Null,
  Schema,
  Struct,
  TimeMicrosecond,
  TimeNanosecond,
  TimestampMicrosecond,
  TimestampMillisecond,
  TimestampNanosecond,
  Uint16,
  Uint32,
  Uint64,
  Utf8,
} from 'apache-arrow';
import { arrowToIcebergSchema, icebergToArrowSchema } from './arrow-schema.ts';
import { nameMapping, updateNameMapping } from './name-mapping.ts';
import { fieldIdsByPath, type IcebergSchema, type IcebergType } from './schema.ts';
import { evolveSchema } from './schema-evolution.ts';
import { signalTableRequest } from './signal-table.ts';

const one = (type: DataType, nullable = true) => new Schema([new Field('c', type, nullable)]);
const field = (name: string, type: DataType, nullable = true) => new Field(name, type, nullable);
const attributes = new List(
  field('item', new Struct([field('key', new Utf8(), false), field('value', new Utf8())]) as DataType),
);

describe('arrowToIcebergSchema', () => {
  it.each([
    [new Bool(), 'boolean'],
    [new Int8(), 'int'],
    [new Uint16(), 'int'],
    [new Int32(), 'int'],
    [new Uint32(), 'long'],
    [new Int64(), 'long'],
    [new Float16(), 'float'],
    [new Float32(), 'float'],
    [new Float64(), 'double'],
    [new Utf8(), 'string'],
    [new LargeUtf8(), 'string'],
    [new Dictionary(new Utf8(), new Int32()), 'string'],
    [new Binary(), 'binary'],
    [new FixedSizeBinary(12), 'fixed[12]'],
    [new Decimal(2, 9, 128), 'decimal(9, 2)'],
    [new DateDay(), 'date'],
    [new DateMillisecond(), 'date'],
    [new TimeMicrosecond(), 'time'],
    [new TimestampMicrosecond(), 'timestamp'],
    [new TimestampMicrosecond('UTC'), 'timestamptz'],
    [new TimestampMillisecond('UTC'), 'timestamptz'],
  ] as [DataType, string][])('%s becomes %s', (type, wanted) => {
    expect(arrowToIcebergSchema(one(type)).fields).toEqual([{ id: 1, name: 'c', required: false, type: wanted }]);
  });

  it.each([
    [new Uint64()],
    [new TimestampNanosecond()],
    [new TimeNanosecond()],
    [new Null()],
    [new IntervalDayTime()],
  ] as [DataType][])('%s has no place in version 2', (type) => {
    expect(() => arrowToIcebergSchema(one(type))).toThrow(expect.objectContaining({ code: 'UNSUPPORTED_TYPE' }));
  });

  it('numbers each level before the one below', () => {
    const schema = new Schema([
      field('a', attributes),
      field(
        'b',
        new Map_(
          field(
            'entries',
            new Struct([field('key', new Utf8(), false), field('value', new Int64())]) as never,
            false,
          ) as never,
        ),
      ),
      field('c', new Int64(), false),
    ]);
    const iceberg = arrowToIcebergSchema(schema);
    expect(Object.fromEntries(fieldIdsByPath(iceberg))).toEqual({
      a: 1,
      b: 2,
      c: 3,
      'a.element': 4,
      'a.element.key': 5,
      'a.element.value': 6,
      'b.key': 7,
      'b.value': 8,
    });
    expect(iceberg.fields.map(({ required }) => required)).toEqual([false, false, true]);
  });

  it('refuses two columns of one name', () => {
    const twice = new Schema([field('a', new Int64()), field('a', new Utf8())]);
    expect(() => arrowToIcebergSchema(twice)).toThrow(expect.objectContaining({ code: 'DUPLICATE_NAME' }));
  });
});

describe('icebergToArrowSchema', () => {
  const types: IcebergType[] = [
    'boolean',
    'int',
    'long',
    'float',
    'double',
    'string',
    'binary',
    'fixed[3]',
    'decimal(38, 5)',
    'date',
    'time',
    'timestamp',
    'timestamptz',
  ];

  it('gives a schema back', () => {
    const fields = types.map((type, i) => ({ id: i + 1, name: `c${i}`, required: i % 2 === 0, type }));
    const nested: IcebergType = {
      type: 'list',
      'element-id': 21,
      'element-required': true,
      element: { type: 'struct', fields: [{ id: 22, name: 'x', required: false, type: 'int' }] },
    };
    const map: IcebergType = {
      type: 'map',
      'key-id': 23,
      key: 'string',
      'value-id': 24,
      value: 'long',
      'value-required': false,
    };
    const schema: IcebergSchema = {
      type: 'struct',
      'schema-id': 0,
      fields: [
        ...fields,
        { id: 14, name: 'list', required: false, type: nested },
        { id: 15, name: 'map', required: false, type: map },
      ],
    };
    const arrow = icebergToArrowSchema(schema);
    expect(arrow.fields[3]!.metadata.get('PARQUET:field_id')).toBe('4');
    expect(icebergToArrowSchema(schema, { fieldIds: false }).fields[3]!.metadata.size).toBe(0);
    const again = arrowToIcebergSchema(arrow);
    const withoutIds = (value: unknown) =>
      JSON.stringify(value, (key, part) => (key === 'id' || key.endsWith('-id') ? undefined : part));
    expect(JSON.parse(withoutIds(again))).toEqual(JSON.parse(withoutIds(schema)));
  });
});

describe('evolveSchema', () => {
  const current = arrowToIcebergSchema(
    new Schema([field('a', new Int32(), false), field('events', attributes), field('f', new Float32())]),
  );
  const lastId = 6;

  it.each([
    ['the same columns', [field('a', new Int32(), false), field('events', attributes), field('f', new Float32())]],
    ['fewer optional columns', [field('a', new Int32(), false)]],
    ['narrower types', [field('a', new Int8(), false), field('f', new Float16())]],
    [
      'other names inside of lists',
      [field('a', new Int32(), false), field('events', new List(field('element', attributes.children[0]!.type)))],
    ],
    [
      'a list of fixed size',
      [field('a', new Int32(), false), field('events', new FixedSizeList(3, attributes.children[0]!))],
    ],
  ])('changes nothing for %s', (_what, fields) => {
    const result = evolveSchema(current, new Schema(fields));
    expect(result.changed).toBe(false);
    expect(result.schema).toBe(current);
  });

  it('adds columns with new ids, also inside of structs', () => {
    const wider = new List(
      field(
        'item',
        new Struct([
          field('key', new Utf8(), false),
          field('value', new Utf8()),
          field('kind', new Int32(), false),
        ]) as DataType,
      ),
    );
    const wanted = new Schema([
      field('new', new Utf8(), false),
      field('a', new Int32(), false),
      field('events', wider),
      field('tags', new List(field('item', new Utf8()))),
    ]);
    const { schema, changed, lastColumnId } = evolveSchema(current, wanted, 40);
    expect(changed).toBe(true);
    expect(lastColumnId).toBe(44);
    expect(Object.fromEntries(fieldIdsByPath(schema))).toEqual({
      a: 1,
      events: 2,
      f: 3,
      'events.element': 4,
      'events.element.key': 5,
      'events.element.value': 6,
      'events.element.kind': 41,
      new: 42,
      tags: 43,
      'tags.element': 44,
    });
    expect(schema.fields.filter(({ required }) => required).map(({ name }) => name)).toEqual(['a']);
    expect(current.fields).toHaveLength(3);
  });

  it.each([
    ['int to long', 0, field('a', new Int64(), false), { type: 'long', required: true }],
    ['float to double', 2, field('f', new Float64()), { type: 'double' }],
    ['required to optional', 0, field('a', new Int32()), { type: 'int', required: false }],
  ] as [string, number, Field, object][])('widens %s', (_what, index, wanted, expected) => {
    const others = [field('a', new Int32(), false)].filter(({ name }) => name !== wanted.name);
    const { schema, changed, lastColumnId } = evolveSchema(current, new Schema([...others, wanted]));
    expect(changed).toBe(true);
    expect(schema.fields[index]).toMatchObject({ ...expected, id: current.fields[index]!.id });
    expect(lastColumnId).toBe(lastId);
  });

  it('lets a required column be left out from now on', () => {
    expect(evolveSchema(current, new Schema([])).schema.fields[0]).toMatchObject({ name: 'a', required: false });
  });

  it.each([
    ['text for int', field('a', new Utf8())],
    ['int for float', field('f', new Int32())],
    ['a list for a column', field('f', attributes)],
    ['a column for a list', field('events', new Utf8())],
    ['another type inside of a list', field('events', new List(field('item', new Utf8())))],
    [
      'another type inside of a struct',
      field('events', new List(field('item', new Struct([field('key', new Int64())]) as DataType))),
    ],
  ])('refuses %s', (_what, wanted) => {
    expect(() => evolveSchema(current, new Schema([wanted]))).toThrow(
      expect.objectContaining({ code: 'INCOMPATIBLE_CHANGE' }),
    );
  });
});

describe('name mapping', () => {
  it('names every field, and keeps names of the past', () => {
    const before = arrowToIcebergSchema(new Schema([field('a', new Int64()), field('events', attributes)]));
    const mapping = nameMapping(before);
    expect(mapping).toEqual([
      { 'field-id': 1, names: ['a'] },
      {
        'field-id': 2,
        names: ['events'],
        fields: [
          {
            'field-id': 3,
            names: ['element'],
            fields: [
              { 'field-id': 4, names: ['key'] },
              { 'field-id': 5, names: ['value'] },
            ],
          },
        ],
      },
    ]);
    const renamed: IcebergSchema = {
      ...before,
      fields: [
        { ...before.fields[0]!, name: 'b' },
        { id: 6, name: 'c', required: false, type: 'int' },
      ],
    };
    expect(updateNameMapping(mapping, renamed)).toEqual([
      { 'field-id': 1, names: ['b', 'a'] },
      { 'field-id': 6, names: ['c'] },
      mapping[1],
    ]);
    const reused: IcebergSchema = {
      ...renamed,
      fields: [...renamed.fields, { id: 7, name: 'a', required: false, type: 'int' }],
    };
    expect(updateNameMapping(updateNameMapping(mapping, renamed), reused).slice(0, 3)).toEqual([
      { 'field-id': 1, names: ['b'] },
      { 'field-id': 6, names: ['c'] },
      { 'field-id': 7, names: ['a'] },
    ]);
  });
});

describe('signalTableRequest', () => {
  const schema = new Schema([
    field('hour', new TimestampMicrosecond('UTC')),
    field('start_time', new Int64(), false),
    field('trace_id', new Utf8(), false),
  ]);

  it('partitions by hour and sorts', () => {
    const sortBy = ['truncate[1000000000](start_time)', 'trace_id'];
    const request = signalTableRequest({ name: 'traces', schema, sortBy, properties: { x: 'y' } });
    expect(request).toMatchObject({
      name: 'traces',
      'partition-spec': { fields: [{ 'source-id': 1, name: 'time_hour', transform: 'hour' }] },
      'write-order': {
        fields: [
          { 'source-id': 2, transform: 'truncate[1000000000]' },
          { 'source-id': 3, transform: 'identity' },
        ],
      },
      properties: { x: 'y', 'write.parquet.compression-codec': 'zstd' },
    });
    expect(JSON.parse(request.properties!['schema.name-mapping.default']!)).toHaveLength(3);
  });

  it('tells other engines what the table and its columns are', () => {
    const columnComments = { trace_id: 'The trace', missing: 'Not a column' };
    const request = signalTableRequest({ name: 'traces', schema, comment: 'Spans', columnComments });
    expect(request.properties).toMatchObject({ comment: 'Spans' });
    expect(request.schema.fields.map(({ name, doc }) => [name, doc])).toEqual([
      ['hour', undefined],
      ['start_time', undefined],
      ['trace_id', 'The trace'],
    ]);
  });

  it('neither partitions nor sorts any other table', () => {
    const request = signalTableRequest({ name: 't', schema: one(new Int64()) });
    expect(request).toMatchObject({ 'partition-spec': { fields: [] }, 'write-order': { 'order-id': 0, fields: [] } });
  });

  it('refuses to sort by a column that is not there', () => {
    expect(() => signalTableRequest({ name: 't', schema, sortBy: ['nothing'] })).toThrow('No column "nothing"');
  });
});
