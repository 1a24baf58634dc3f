import type { RecordBatch, Schema } from 'apache-arrow';
import { padding } from './body.ts';
import type { Compression } from './compression.ts';
import { IpcDecoder } from './ipc-decoder.ts';
import { IpcEncoder, type IpcUnit } from './ipc-encoder.ts';
import { malformed, unsupported } from './ipc-error.ts';
import type { IpcLimits } from './limits.ts';

const CONTINUATION = 0xffff_ffff;

/** A schema with its batches. */
export interface IpcStream {
  readonly schema: Schema;
  readonly batches: readonly RecordBatch[];
}

/**
 * Batches in the IPC streaming format, in parts: written one after the other, they are the stream. Large parts are the
 * batches' own memory.
 * https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format
 */
export function encodeIpcStream(
  { schema, batches }: IpcStream,
  options: { readonly compression?: Compression | undefined } = {},
): Uint8Array[] {
  const encoder = new IpcEncoder(options.compression);
  const units = [encoder.schema(schema), ...batches.flatMap((batch) => encoder.batch(batch))];
  return [...units.flatMap(encapsulate), new Uint8Array([255, 255, 255, 255, 0, 0, 0, 0])];
}

/** Reads a whole IPC stream; batches are views of `bytes`. The end marker may be missing. Throws IpcError. */
export function decodeIpcStream(bytes: Uint8Array, limits: Partial<IpcLimits> = {}): IpcStream {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decoder = new IpcDecoder(limits);
  const batches: RecordBatch[] = [];
  let schema: Schema | undefined;
  if (Buffer.from(bytes.subarray(0, 6)).toString('latin1') === 'ARROW1') {
    throw unsupported('this is an Arrow file, not a stream: what is needed is the IPC streaming format');
  }
  for (let position = 0; position + 4 <= bytes.length; ) {
    const continued = view.getUint32(position, true) === CONTINUATION;
    if (continued && position + 8 > bytes.length) throw malformed('an IPC stream is cut off');
    const length = view.getUint32(position + (continued ? 4 : 0), true);
    if (length === 0) break;
    const start = position + (continued ? 8 : 4);
    if (length > bytes.length - start) throw malformed('an IPC stream is cut off');
    const message = decoder.readMessage(bytes.subarray(start, start + length));
    position = start + length + message.bodyLength;
    if (position > bytes.length) throw malformed('an IPC stream is cut off');
    const content = decoder.decodeMessage(message, bytes.subarray(start + length, position));
    if (content.schema && schema) throw malformed('an IPC stream has two schemas');
    schema ??= content.schema;
    if (content.batch) batches.push(content.batch);
  }
  if (!schema) throw malformed('an IPC stream without a schema');
  return { schema, batches };
}

function encapsulate({ header, body }: IpcUnit): Uint8Array[] {
  const length = header.length + padding(header.length);
  const prefix = new Uint8Array(8 + length);
  const view = new DataView(prefix.buffer);
  view.setUint32(0, CONTINUATION, true);
  view.setUint32(4, length, true);
  prefix.set(header, 8);
  const parts = (body?.parts ?? []).flatMap((part) => {
    const zeros = padding(part.length);
    return zeros === 0 ? [part] : [part, new Uint8Array(zeros)];
  });
  return [prefix, ...parts];
}
