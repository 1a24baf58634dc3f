import { describe, expect, it } from '@jest/globals';
import { compatibility } from './compatibility.ts';
import { schemaFromJson } from './schema-json.ts';

/** `a int64, b utf8 not null` */
function schema(text: string) {
  const fields = text === '' ? [] : text.split(/,\s*(?![^<[(]*[>\])])/);
  return schemaFromJson({
    fields: fields.map((field) => {
      const [, name, type, required] = /^(\w+) (.+?)( not null)?$/.exec(field)!;
      return { name, type, nullable: !required };
    }),
  });
}

describe('compatibility', () => {
  it.each([
    ['the same', 'a int64, b utf8', 'a int64, b utf8', 3, []],
    ['nothing and nothing', '', '', 3, []],
    ['a nullable field added', 'a int64', 'a int64, b utf8', 1, ['b: added as Utf8']],
    ['a field added that is not null', 'a int64', 'a int64, b utf8 not null', 0, ['b: added as Utf8, not null']],
    ['a nullable field removed', 'a int64, b utf8', 'a int64', 2, ['b: removed, was Utf8']],
    ['a field removed that was not null', 'a int64, b utf8 not null', 'a int64', 0, ['b: removed, was Utf8, not null']],
    [
      'one added and one removed',
      'a int64, b utf8',
      'a int64, c utf8',
      0,
      ['b: removed, was Utf8', 'c: added as Utf8'],
    ],
    ['reordered', 'a int64, b utf8, c bool', 'c bool, a int64, b utf8', 3, ['the fields come in another order']],
    ['added in the middle', 'a int64, c bool', 'a int64, b utf8, c bool', 1, ['b: added as Utf8']],
    ['integer widened', 'a int32', 'a int64', 1, ['a: Int32 became Int64']],
    ['integer narrowed', 'a int64', 'a int32', 2, ['a: Int64 became Int32']],
    ['unsigned to a larger signed', 'a uint32', 'a int64', 1, ['a: Uint32 became Int64']],
    ['unsigned to signed of the same size', 'a uint32', 'a int32', 0, ['a: Uint32 became Int32']],
    ['signed to unsigned', 'a int32', 'a uint64', 0, ['a: Int32 became Uint64']],
    ['float widened', 'a float', 'a double', 1, ['a: Float32 became Float64']],
    ['integer to a float that holds it', 'a int32', 'a double', 1, ['a: Int32 became Float64']],
    ['integer to a float that does not', 'a int64', 'a double', 0, ['a: Int64 became Float64']],
    ['decimal widened', 'a decimal128(9, 2)', 'a decimal128(12, 2)', 1, ['a: Decimal[9e+2] became Decimal[12e+2]']],
    [
      'decimal of another scale',
      'a decimal128(9, 2)',
      'a decimal128(12, 3)',
      0,
      ['a: Decimal[9e+2] became Decimal[12e+3]'],
    ],
    ['text to large text', 'a utf8', 'a large_utf8', 1, ['a: Utf8 became LargeUtf8']],
    ['text to number', 'a utf8', 'a int64', 0, ['a: Utf8 became Int64']],
    [
      'another time unit',
      'a timestamp[us]',
      'a timestamp[ns]',
      0,
      ['a: Timestamp<MICROSECOND> became Timestamp<NANOSECOND>'],
    ],
    ['null to something', 'a null', 'a utf8', 1, ['a: Null became Utf8']],
    ['null allowed', 'a int64 not null', 'a int64', 1, ['a: may be null now']],
    ['null forbidden', 'a int64', 'a int64 not null', 2, ['a: may not be null any more']],
    ['an element widened', 'a list<int32>', 'a list<int64>', 1, ['a[]: Int32 became Int64']],
    ['a list for a value', 'a int32', 'a list<int32>', 0, ['a: Int32 became List<Int32>']],
    [
      'widened and narrowed',
      'a int32, b int64',
      'a int64, b int32',
      0,
      ['a: Int32 became Int64', 'b: Int64 became Int32'],
    ],
  ])('%s', (_name, older, newer, level, changes) => {
    const found = compatibility(schema(older), schema(newer));
    expect([found.level, found.changes.map(String)]).toEqual([level, changes]);
  });

  it('is the mirror of itself', () => {
    const texts = [
      'a int64',
      'a int32',
      'a int64, b utf8',
      'b utf8, a int64',
      'a int64 not null',
      'a list<int32>',
      'a utf8',
    ];
    const mirror = [0, 2, 1, 3];
    for (const older of texts) {
      for (const newer of texts) {
        const { level } = compatibility(schema(older), schema(newer));
        expect([older, newer, compatibility(schema(newer), schema(older)).level]).toEqual([
          older,
          newer,
          mirror[level],
        ]);
      }
    }
  });

  it('goes into structs, by name', () => {
    const struct = (...children: unknown[]) => schemaFromJson({ fields: [{ name: 's', type: 'struct', children }] });
    const { level, changes } = compatibility(
      struct({ name: 'x', type: 'int32' }, { name: 'y', type: 'utf8' }),
      struct({ name: 'y', type: 'utf8' }, { name: 'x', type: 'int64' }, { name: 'z', type: 'bool' }),
    );
    expect([level, changes.map(String)]).toEqual([
      1,
      ['s.x: Int32 became Int64', 's.z: added as Bool', 's: the fields come in another order'],
    ]);
  });
});
