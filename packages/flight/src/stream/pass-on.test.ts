import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Dictionary, Int32, type RecordBatch, Table, Utf8, vectorFromArray } from 'apache-arrow';
import { IpcEncoder } from '../ipc/ipc-encoder.ts';
import { decodeFlightData, encodeFlightData } from '../wire/flight-data.ts';
import { FlightDataDecoder } from './decode.ts';
import { type EncodeOptions, FlightDataEncoder } from './encode.ts';

const numbers = Int32Array.from({ length: 5000 }, (_, i) => i);
const texts = Array.from({ length: 5000 }, (_, i) => (i % 7 === 0 ? null : `text ${i}`));
const plain = new Table({ n: vectorFromArray(numbers), s: vectorFromArray(texts, new Utf8()) }).batches[0]!;
const dictionary = new Table({ d: vectorFromArray(texts, new Dictionary(new Utf8(), new Int32())) }).batches[0]!;

const encodedBatches = jest.spyOn(IpcEncoder.prototype, 'batch');
beforeEach(() => {
  encodedBatches.mockClear();
});

/** The messages of a stream of these batches, each in one piece. */
function messagesOf(batches: readonly RecordBatch[], options?: EncodeOptions): Uint8Array[] {
  const encoder = new FlightDataEncoder(options);
  return batches.flatMap((batch) => encoder.encode({ batch })).map((parts) => Buffer.concat(parts));
}

function batchesOf(messages: readonly Uint8Array[]): RecordBatch[] {
  const decoder = new FlightDataDecoder();
  return messages.flatMap((bytes) => decoder.decode(bytes)?.batch ?? []);
}

const rowsOf = (batches: readonly RecordBatch[]): string[] => batches.flatMap((batch) => [...batch].map(String));

describe('a batch that came encoded', () => {
  it.each([0, 5])('goes out as it came, at any place in a buffer (%i)', (messageStart) => {
    const received = batchesOf(messagesOf([plain, plain], { messageStart: 0 }));
    encodedBatches.mockClear();
    let passed = received;
    for (let hop = 0; hop < 3; hop++) passed = batchesOf(messagesOf(passed, { messageStart }));
    expect(encodedBatches).not.toHaveBeenCalled();
    expect(rowsOf(passed)).toEqual(rowsOf([plain, plain]));
  });

  it('keeps its body where it is', () => {
    const [batch] = batchesOf(messagesOf([plain]));
    const [, parts] = new FlightDataEncoder().encode({ batch: batch!, appMetadata: Buffer.from('note') });
    const memory = batch!.data.children[0]!.values.buffer;
    expect(parts!.map((part) => part.buffer === memory)).toEqual([false, true]);
    expect(decodeFlightData(Buffer.concat(parts!)).appMetadata).toEqual(Buffer.from('note'));
  });

  it.each<[what: string, batches: () => RecordBatch[], options: EncodeOptions]>([
    ['it is to be compressed', () => batchesOf(messagesOf([plain])), { compression: 'zstd' }],
    ['it has a dictionary', () => batchesOf(messagesOf([dictionary])), {}],
    ['it is a part of it', () => batchesOf(messagesOf([plain])).map((batch) => batch.slice(10, 20)), {}],
    ['its schema came in other bytes', () => batchesOf(withLongerSchema(messagesOf([plain]))), {}],
  ])('is encoded again where %s', (_, batches, options) => {
    const received = batches();
    encodedBatches.mockClear();
    expect(rowsOf(batchesOf(messagesOf(received, options)))).toEqual(rowsOf(received));
    expect(encodedBatches).toHaveBeenCalledTimes(1);
  });
});

/** The stream with zeros behind the schema's flatbuffer, as other implementations may have them. */
function withLongerSchema([schema, ...rest]: readonly Uint8Array[]): Uint8Array[] {
  const { header } = decodeFlightData(schema!);
  return [Buffer.concat(encodeFlightData({ header: Buffer.concat([header!, Buffer.alloc(8)]) })), ...rest];
}
