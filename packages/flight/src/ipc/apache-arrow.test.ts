import { expect, it } from '@jest/globals';
import { RecordBatchStreamWriter, tableFromIPC } from 'apache-arrow';
import { randomFrom } from '../testing/mutate.ts';
import { plainColumns } from '../testing/plain-values.ts';
import { RandomData } from '../testing/random-data.ts';
import { randomSchema } from '../testing/random-types.ts';
import { decodeIpcStream, encodeIpcStream } from './ipc-stream.ts';

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000_000);

it(`apache-arrow's own reader and writer understand the same as this one (SEED=${seed})`, () => {
  const random = randomFrom(seed);
  for (let round = 0; round < 100; round++) {
    const schema = randomSchema(random);
    // Its own reader merges columns of one name.
    const names = new Set(schema.fields.map(({ name }) => name));
    if (names.size < schema.fields.length || schema.fields.length === 0) continue;
    const data = new RandomData(random, 'some');
    const batch = data.batch(schema, 12);
    const columns = schema.fields.length;
    const ours = Buffer.concat(encodeIpcStream({ schema, batches: [batch] }));
    const read = tableFromIPC(ours);
    try {
      expect(String(read.schema)).toBe(String(schema));
      expect(plainColumns(columns, read.batches)).toEqual(plainColumns(columns, [batch]));
      const theirs = RecordBatchStreamWriter.writeAll(decodeIpcStream(ours).batches).toUint8Array(true);
      const again = decodeIpcStream(theirs);
      expect(plainColumns(columns, again.batches)).toEqual(plainColumns(columns, [batch]));
    } catch (error) {
      throw new Error(`round ${round} of SEED=${seed}: ${schema}`, { cause: error });
    }
  }
});
