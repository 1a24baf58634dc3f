import { describe, expect, it } from '@jest/globals';
import { Field, FixedSizeList, Int32, RecordBatchReader, Schema, Struct } from 'apache-arrow';
import { encodeIpcStream } from './ipc-stream.ts';

describe('a schema', () => {
  it('writes names that are empty, at every depth: Java takes none for null', () => {
    const number = new Field('', new Int32(), true);
    const schema = new Schema([
      number,
      new Field('list', new FixedSizeList(3, number), true),
      new Field('struct', new Struct([number]), true),
    ]);
    const reader = RecordBatchReader.from(Buffer.concat(encodeIpcStream({ schema, batches: [] }))).open();
    const names = (fields: readonly Field[]): unknown[] =>
      fields.map(({ name, type }) => [name, ...names(type.children ?? [])]);
    expect(names(reader.schema.fields)).toEqual([[''], ['list', ['']], ['struct', ['']]]);
  });
});
