import { describe, expect, it } from '@jest/globals';
import { Binary, Field, Int64, List, RecordBatchStreamWriter, Schema, Struct, Utf8 } from 'apache-arrow';
import { fingerprint } from './fingerprint.ts';
import { schemaFromJson, schemaToJson } from './schema-json.ts';

const one = (type: unknown, children?: unknown) => ({
  fields: [{ name: 'a', type, ...(children ? { children } : {}) }],
});

describe('a schema from JSON', () => {
  it.each([
    [{ name: 'int', bitWidth: 64, isSigned: true }, 'Int64'],
    [{ name: 'int', bitWidth: 8, isSigned: false }, 'Uint8'],
    [{ name: 'floatingpoint', precision: 'DOUBLE' }, 'Float64'],
    [{ name: 'utf8' }, 'Utf8'],
    [{ name: 'bool' }, 'Bool'],
    [{ name: 'timestamp', unit: 'MICROSECOND', timezone: 'UTC' }, 'Timestamp<MICROSECOND, UTC>'],
    [{ name: 'time', unit: 'NANOSECOND', bitWidth: 64 }, 'Time64<NANOSECOND>'],
    [{ name: 'date', unit: 'DAY' }, 'Date32<DAY>'],
    [{ name: 'decimal', precision: 10, scale: 2 }, 'Decimal[10e+2]'],
    [{ name: 'fixedsizebinary', byteWidth: 16 }, 'FixedSizeBinary[16]'],
    ['int64', 'Int64'],
    ['uint16', 'Uint16'],
    ['double', 'Float64'],
    ['string', 'Utf8'],
    ['large_utf8', 'LargeUtf8'],
    ['timestamp[us, UTC]', 'Timestamp<MICROSECOND, UTC>'],
    ['timestamp[ns]', 'Timestamp<NANOSECOND>'],
    ['time32[ms]', 'Time32<MILLISECOND>'],
    ['duration[s]', 'Duration<SECOND>'],
    ['decimal128(10, 2)', 'Decimal[10e+2]'],
    ['fixed_size_binary[16]', 'FixedSizeBinary[16]'],
    ['date32', 'Date32<DAY>'],
    ['list<item: string>', 'List<Utf8>'],
    ['list<list<int8>>', 'List<List<Int8>>'],
  ])('knows the type %j', (type, expected) => {
    expect(String(schemaFromJson(one(type)).fields[0]!.type)).toBe(expected);
  });

  it('reads nested types, and gives back the same JSON', () => {
    const json = {
      fields: [
        {
          name: 'events',
          nullable: false,
          type: { name: 'list' },
          children: [
            {
              name: 'item',
              nullable: true,
              type: { name: 'struct' },
              children: [
                { name: 'time', nullable: false, type: { name: 'int', bitWidth: 64, isSigned: true }, children: [] },
                { name: 'name', nullable: true, type: { name: 'utf8' }, children: [] },
              ],
            },
          ],
        },
        {
          name: 'labels',
          nullable: true,
          type: { name: 'map', keysSorted: false },
          children: [
            {
              name: 'entries',
              nullable: false,
              type: { name: 'struct' },
              children: [
                { name: 'key', nullable: false, type: { name: 'utf8' }, children: [] },
                { name: 'value', nullable: true, type: { name: 'utf8' }, children: [] },
              ],
            },
          ],
        },
        {
          name: 'level',
          nullable: true,
          type: { name: 'utf8' },
          children: [],
          dictionary: { id: 7, indexType: { name: 'int', bitWidth: 8, isSigned: true }, isOrdered: false },
          metadata: [{ key: 'k', value: 'v' }],
        },
      ],
      metadata: [{ key: 'owner', value: 'us' }],
    };
    expect(schemaToJson(schemaFromJson(JSON.stringify(json)))).toEqual(json);
  });

  it('reads a serialized schema', () => {
    const schema = new Schema([
      new Field('a', new Int64(), false),
      new Field('b', new List(new Field('item', new Utf8()))),
    ]);
    const writer = new RecordBatchStreamWriter();
    writer.reset(undefined, schema);
    const base64 = Buffer.from(writer.finish().toUint8Array(true)).toString('base64');
    expect(schemaToJson(schemaFromJson({ schema_ipc: base64 }))).toEqual(schemaToJson(schema));
    expect(schemaToJson(schemaFromJson(base64))).toEqual(schemaToJson(schema));
  });

  it.each([
    ['no object', '5', 'a schema is a JSON object'],
    ['no JSON', '{', /not JSON/],
    ['no fields', {}, 'fields: must be a list of fields'],
    ['a field without a name', { fields: [{ type: 'int64' }] }, 'fields[0].name: a field has a name'],
    [
      'a field without a type',
      { fields: [{ name: 'a' }] },
      'fields[0].type: a type is a name or an object with a name',
    ],
    ['an unknown type', one('int65'), 'fields[0].type: unknown type "int65"'],
    ['an unknown type object', one({ name: 'union' }), 'fields[0].type: unknown type "union"'],
    ['a wrong width', one({ name: 'int', bitWidth: 7 }), 'fields[0].type.bitWidth: 7 is none of 8, 16, 32, 64'],
    ['a missing unit', one({ name: 'timestamp' }), /^fields\[0\].type.unit: undefined is none of SECOND/],
    ['a wrong time', one('time32[ns]'), 'fields[0].type: there is no type "time32[ns]"'],
    ['a list without a child', one('list'), 'fields[0].type: this type has one child, not 0'],
    ['a map of something else', one({ name: 'map' }, [{ name: 'x', type: 'int8' }]), /a map has one child, a struct/],
    [
      'a name twice',
      {
        fields: [
          { name: 'a', type: 'int8' },
          { name: 'a', type: 'int8' },
        ],
      },
      /^fields\[1\].name: "a" is there twice/,
    ],
    [
      'a strange nullable',
      { fields: [{ name: 'a', type: 'int8', nullable: 'yes' }] },
      /nullable: must be true or false/,
    ],
    ['broken bytes', { schema_ipc: 'AAAAAAAAAAAA' }, /^schema_ipc: not an IPC schema message/],
    ['a huge decimal', one({ name: 'fixedsizebinary', byteWidth: 2 ** 40 }), /is no integer/],
    ['nesting without end', nested(40), /nested deeper than 32 levels/],
  ])('refuses %s', (_name, json, message) => {
    expect(() => schemaFromJson(json)).toThrow(message);
  });
});

describe('a fingerprint', () => {
  const base = new Schema([
    new Field('a', new Int64(), false),
    new Field('b', new Struct([new Field('c', new Utf8())])),
  ]);

  it('is stable', () => {
    expect(fingerprint(base)).toBe('8454b89800a7736fcc3e7e0ed961a1fc0e696708a3aafa478180fd0938f9c56f');
  });

  it('does not depend on metadata', () => {
    const other = new Schema(
      base.fields.map((f) => f.clone({ metadata: new Map([['x', 'y']]) })),
      new Map([['m', 'n']]),
    );
    expect(fingerprint(other)).toBe(fingerprint(base));
  });

  it.each([
    ['a name', new Schema([new Field('A', new Int64(), false), base.fields[1]!])],
    ['nullability', new Schema([new Field('a', new Int64(), true), base.fields[1]!])],
    ['order', new Schema([base.fields[1]!, base.fields[0]!])],
    ['a nested type', new Schema([base.fields[0]!, new Field('b', new Struct([new Field('c', new Binary())]))])],
    ['fewer fields', new Schema([base.fields[0]!])],
  ])('depends on %s', (_name, other) => {
    expect(fingerprint(other)).not.toBe(fingerprint(base));
  });
});

function nested(depth: number): unknown {
  let field: unknown = { name: 'x', type: 'int8' };
  for (let i = 0; i < depth; i++) field = { name: 'x', type: 'struct', children: [field] };
  return { fields: [field] };
}
