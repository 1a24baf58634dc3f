import { describe, expect, it } from '@jest/globals';
import { checkForeignStream, type ForeignStream } from '../testing/foreign-stream.ts';
import { goldenStreams, goldenWriters } from '../testing/golden-streams.ts';
import { plainColumns } from '../testing/plain-values.ts';
import { IpcError } from './ipc-error.ts';
import { decodeIpcStream } from './ipc-stream.ts';

/** What is wrong with a stream, or nothing. */
function fault(stream: ForeignStream): string[] {
  try {
    checkForeignStream(stream);
    return [];
  } catch (error) {
    return [`${stream.name}: ${(error as Error).message}`];
  }
}

it.each(goldenWriters)('every type that %s wrote, in every form, means the same here', (writer) => {
  const streams = goldenStreams(writer);
  expect(streams.length).toBeGreaterThan(100);
  expect(streams.flatMap(fault)).toEqual([]);
});

describe('a stream cut at any byte', () => {
  const some = goldenStreams('pyarrow').filter(({ name }) =>
    /^(string|dictionary of int8|dense union|map<int32, timestamp.*|struct<.*), some nulls/.test(name),
  );

  it.each(some.map(({ name, stream, columns }) => [name, stream, columns![0]!] as const))(
    '%s ends with an error or with fewer batches, never with other values',
    (_, stream, values) => {
      const bytes = new Uint8Array(Buffer.from(stream, 'base64'));
      for (let length = 0; length < bytes.length; length++) {
        try {
          const [seen] = plainColumns(1, decodeIpcStream(bytes.subarray(0, length)).batches);
          expect(seen).toEqual(values.slice(0, seen!.length));
        } catch (error) {
          expect(error).toBeInstanceOf(IpcError);
        }
      }
    },
  );
});
