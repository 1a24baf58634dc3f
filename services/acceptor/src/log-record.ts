import { FlightDataDecoder, FlightDataEncoder } from '@signaldb/flight';
import type { Signal } from '@signaldb/otlp';
import type { RecordBatch } from 'apache-arrow';

export type OtlpEncoding = 'protobuf' | 'json';

/** What a record of the log holds; docs/formats/wal.md lists the numbers. */
export type RecordContent =
  | { readonly type: 'otlp'; readonly signal: Signal; readonly encoding: OtlpEncoding }
  | { readonly type: 'arrow' };

const signals: readonly Signal[] = ['traces', 'logs', 'metrics'];
export const arrowKind = 7;

/** 1 to 3 for protobuf, 4 to 6 for JSON. */
export function otlpKind(signal: Signal, encoding: OtlpEncoding): number {
  return signals.indexOf(signal) + (encoding === 'protobuf' ? 1 : 4);
}

/** `undefined` for a kind that this program doesn't know. */
export function contentOf(kind: number): RecordContent | undefined {
  if (kind === arrowKind) return { type: 'arrow' };
  const signal = signals[(kind - 1) % 3];
  if (kind < 1 || kind > 6 || signal === undefined) return undefined;
  return { type: 'otlp', signal, encoding: kind < 4 ? 'protobuf' : 'json' };
}

/** A table by its name, and by what tells it from others of that name; older records have the name alone. */
export interface RecordTable {
  readonly table: string;
  readonly tableUuid?: string | undefined;
}

/**
 * A batch for a user's table as a record's payload: the FlightData messages of its schema (whose descriptor's path is the
 * table's name and UUID) and its dictionaries and rows, each after its length. The parts refer to the batch's memory.
 */
export function encodeArrowPayload({ table, tableUuid }: RecordTable, batch: RecordBatch): Uint8Array[] {
  const encoder = new FlightDataEncoder();
  const messages = [
    ...encoder.encode({
      descriptor: { path: tableUuid === undefined ? [table] : [table, tableUuid] },
      schema: batch.schema,
    }),
    ...encoder.encode({ batch }),
  ];
  return messages.flatMap((parts) => [lengthOf(parts), ...parts]);
}

function lengthOf(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(parts.reduce((sum, part) => sum + part.length, 0));
  return bytes;
}

/** The batches of a payload, as views of it. Throws where it isn't one. */
export function decodeArrowPayload(payload: Uint8Array): RecordTable & { batches: RecordBatch[] } {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const decoder = new FlightDataDecoder();
  const batches: RecordBatch[] = [];
  let path: readonly string[] | undefined;
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 + bytes.readUInt32LE(at);
    const message = decoder.decode(aligned(bytes.subarray(at + 4, end)));
    path ??= message?.descriptor?.path;
    if (message?.batch) batches.push(message.batch);
    at = end;
  }
  const [table, tableUuid] = path ?? [];
  if (table === undefined) throw new Error('an Arrow record names no table');
  return { table, tableUuid, batches };
}

/** Columns of 64-bit values are views only where memory is aligned; a copy begins at such a place. */
function aligned(bytes: Buffer): Uint8Array {
  return new Uint8Array(bytes);
}
