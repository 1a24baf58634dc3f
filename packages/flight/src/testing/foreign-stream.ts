import { deepEqual } from 'node:assert/strict';
import { IpcError } from '../ipc/ipc-error.ts';
import { decodeIpcStream, encodeIpcStream } from '../ipc/ipc-stream.ts';
import { type PlainValue, plainColumns } from './plain-values.ts';

/** A stream that another implementation wrote, and what it means by that implementation's own account. */
export interface ForeignStream {
  readonly name: string;
  /** In base64. */
  readonly stream: string;
  readonly columns?: readonly PlainValue[][];
  /** The stream has to be refused, in a message with these words: the name of a type. */
  readonly refused?: string;
  /** The schema's custom metadata. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Throws where the stream isn't decoded to its values, or refused by its type's name, or doesn't survive encoding. */
export function checkForeignStream({ name, stream, columns, refused, metadata }: ForeignStream): void {
  const bytes = new Uint8Array(Buffer.from(stream, 'base64'));
  if (refused) {
    checkRefused(bytes, refused, name);
    return;
  }
  for (const copy of [aligned(bytes, 0), aligned(bytes, 3)]) {
    const decoded = decodeIpcStream(copy);
    const count = decoded.schema.fields.length;
    if (columns) deepEqual(plainColumns(count, decoded.batches), columns, `${name}: decoded to other values`);
    if (metadata) deepEqual(Object.fromEntries(decoded.schema.metadata), metadata, `${name}: other metadata`);
    const again = decodeIpcStream(Buffer.concat(encodeIpcStream(decoded)));
    deepEqual(String(again.schema), String(decoded.schema), `${name}: another schema after encoding`);
    deepEqual(
      plainColumns(count, again.batches),
      plainColumns(count, decoded.batches),
      `${name}: other values after encoding`,
    );
  }
}

function checkRefused(bytes: Uint8Array, words: string, name: string): void {
  try {
    decodeIpcStream(bytes);
  } catch (error) {
    if (error instanceof IpcError && error.message.includes(words)) return;
    throw new Error(`${name}: not refused for ${words}`, { cause: error });
  }
  throw new Error(`${name}: decoded, though it has to be refused for ${words}`);
}

/** A copy that begins `by` bytes off a multiple of 8. */
function aligned(bytes: Uint8Array, by: number): Uint8Array {
  const copy = new Uint8Array(bytes.length + by).subarray(by);
  copy.set(bytes);
  return copy;
}
