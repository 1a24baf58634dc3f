import type { Schema } from 'apache-arrow';
import { malformed } from './ipc-error.ts';
import { defaultIpcLimits, type IpcLimits } from './limits.ts';
import { MessageKind, readMessage } from './message.ts';
import { readSchema } from './read-schema.ts';
import { writeSchema } from './write-schema.ts';

const CONTINUATION = 0xffff_ffff;

/**
 * A schema as an encapsulated IPC message, as FlightInfo, SchemaResult and Flight SQL carry it.
 * https://arrow.apache.org/docs/format/Columnar.html#encapsulated-message-format
 */
export function encodeSchemaBytes(schema: Schema): Uint8Array {
  const header = writeSchema(schema);
  const length = (header.length + 7) & ~7;
  const bytes = new Uint8Array(8 + length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, CONTINUATION, true);
  view.setUint32(4, length, true);
  bytes.set(header, 8);
  return bytes;
}

/** Reads what encodeSchemaBytes writes, also in the older form without the continuation marker. Throws IpcError. */
export function decodeSchemaBytes(bytes: Uint8Array, limits: IpcLimits = defaultIpcLimits): Schema {
  if (bytes.length < 8) throw malformed(`${bytes.length} bytes are too few for a schema`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = view.getUint32(0, true) === CONTINUATION ? 8 : 4;
  const length = view.getUint32(start - 4, true);
  if (start + length > bytes.length)
    throw malformed(`a schema of ${length} bytes is cut off after ${bytes.length - start}`);
  const message = readMessage(bytes.subarray(start, start + length), limits.headerBytesMax);
  if (message.kind !== MessageKind.schema) throw malformed('the message holds no schema');
  return readSchema(message.header, limits);
}
