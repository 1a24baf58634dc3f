import { describe, expect, it } from '@jest/globals';
import { Field, Int32 } from 'apache-arrow';
import { type ColumnMetadata, columnMetadataOf, withColumnMetadata } from './column-metadata.ts';

const plain = new Field('n', new Int32(), false, new Map([['mine', 'kept']]));
const everything: Required<ColumnMetadata> = {
  catalog: 'c',
  schema: 's',
  table: 't',
  typeName: 'INTEGER',
  precision: 10,
  scale: 0,
  isAutoIncrement: false,
  isCaseSensitive: true,
  isReadOnly: true,
  isSearchable: true,
  remarks: 'a number',
};

describe('column metadata', () => {
  it('stand beside what a field has, under the protocol’s keys', () => {
    const field = withColumnMetadata(plain, everything);
    expect([field.name, field.type, field.nullable]).toEqual(['n', plain.type, false]);
    expect(Object.fromEntries(field.metadata)).toEqual({
      mine: 'kept',
      'ARROW:FLIGHT:SQL:CATALOG_NAME': 'c',
      'ARROW:FLIGHT:SQL:SCHEMA_NAME': 's',
      'ARROW:FLIGHT:SQL:TABLE_NAME': 't',
      'ARROW:FLIGHT:SQL:TYPE_NAME': 'INTEGER',
      'ARROW:FLIGHT:SQL:PRECISION': '10',
      'ARROW:FLIGHT:SQL:SCALE': '0',
      'ARROW:FLIGHT:SQL:IS_AUTO_INCREMENT': '0',
      'ARROW:FLIGHT:SQL:IS_CASE_SENSITIVE': '1',
      'ARROW:FLIGHT:SQL:IS_READ_ONLY': '1',
      'ARROW:FLIGHT:SQL:IS_SEARCHABLE': '1',
      'ARROW:FLIGHT:SQL:REMARKS': 'a number',
    });
    expect(columnMetadataOf(field)).toEqual(everything);
  });

  it('are what is known: nothing where nothing is, no number from what is none', () => {
    expect(columnMetadataOf(plain)).toEqual({});
    expect(withColumnMetadata(plain, {}).metadata).toEqual(plain.metadata);
    const odd = new Field(
      'n',
      new Int32(),
      true,
      new Map([
        ['ARROW:FLIGHT:SQL:PRECISION', 'many'],
        ['ARROW:FLIGHT:SQL:IS_READ_ONLY', 'true'],
      ]),
    );
    expect(columnMetadataOf(odd)).toEqual({ isReadOnly: true });
  });
});
