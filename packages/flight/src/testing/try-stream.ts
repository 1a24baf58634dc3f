import { deepEqual } from 'node:assert/strict';
import type { Data, RecordBatch } from 'apache-arrow';
import { IpcError } from '../ipc/ipc-error.ts';
import { decodeIpcStream, encodeIpcStream } from '../ipc/ipc-stream.ts';
import { FlightDataDecoder } from '../stream/decode.ts';
import { plainColumns } from './plain-values.ts';

/** What became of a stream: refused with this message, or decoded. */
export type Outcome = { readonly refused: string } | { readonly refused?: undefined; readonly rows: number };

/** Above that the values aren't looked at one by one. */
const VALUES_MAX = 20_000;

/**
 * Decodes an IPC stream of any bytes. Whatever decodes has to hold what it claims: every value can be read, and encoding gives
 * the same values again. Throws where something else than an IpcError happens: that is a fault of the decoder.
 */
export function tryStream(bytes: Uint8Array): Outcome {
  return refusable(() => {
    const stream = decodeIpcStream(bytes);
    checkBatches(stream.batches);
    const columns = stream.schema.fields.length;
    const small = countValues(stream.batches) <= VALUES_MAX;
    const values = small ? plainColumns(columns, stream.batches) : undefined;
    const again = assertEncodes(() => decodeIpcStream(Buffer.concat(encodeIpcStream(stream))));
    if (values) deepEqual(plainColumns(columns, again.batches), values, 'encoding changed the values');
    return again.batches;
  });
}

/** The same for FlightData messages, without encoding. */
export function tryMessages(messages: readonly Uint8Array[]): Outcome {
  return refusable(() => {
    const decoder = new FlightDataDecoder();
    const batches = messages.flatMap((bytes) => decoder.decode(bytes)?.batch ?? []);
    checkBatches(batches);
    return batches;
  });
}

function refusable(decode: () => readonly RecordBatch[]): Outcome {
  try {
    return { rows: decode().reduce((sum, { numRows }) => sum + numRows, 0) };
  } catch (error) {
    if (error instanceof IpcError) return { refused: error.message };
    throw error;
  }
}

/** What was decoded can be encoded and that be decoded: an IpcError is a fault here. */
function assertEncodes<T>(encode: () => T): T {
  try {
    return encode();
  } catch (error) {
    throw new Error('what was decoded can’t be encoded and decoded again', { cause: error });
  }
}

function checkBatches(batches: readonly RecordBatch[]): void {
  for (const { data, numRows } of batches) {
    for (const column of data.children) {
      if (column.length !== numRows) throw new Error(`a column of ${column.length} in a batch of ${numRows} rows`);
    }
  }
}

function countValues(batches: readonly RecordBatch[]): number {
  const count = (data: Data): number =>
    data.children.reduce((sum, child) => sum + count(child), data.length) +
    (data.dictionary?.data ?? []).reduce((sum, piece) => sum + count(piece), 0);
  return batches.reduce((sum, { data }) => sum + count(data), 0);
}
