import { FlatTable } from './flatbuffer.ts';
import { IpcError, malformed, unsupported } from './ipc-error.ts';
import { type KeyValues, readKeyValues } from './key-values.ts';

/** Message.fbs, MessageHeader. */
export const MessageKind = { none: 0, schema: 1, dictionaryBatch: 2, recordBatch: 3 } as const;

/** Message.fbs, Message: what a `data_header` holds. */
export interface IpcMessage {
  /** 3 is V4, 4 is V5; older ones are refused. */
  readonly version: number;
  readonly kind: number;
  readonly header: FlatTable;
  readonly bodyLength: number;
  readonly metadata: KeyValues | undefined;
}

const METADATA_V4 = 3;
const METADATA_V5 = 4;

/** Reads the envelope of an IPC message. https://arrow.apache.org/docs/format/Columnar.html#encapsulated-message-format */
export function readMessage(bytes: Uint8Array, headerBytesMax: number): IpcMessage {
  if (bytes.length > headerBytesMax) {
    throw new IpcError('LIMIT_EXCEEDED', `an IPC message's header of ${bytes.length} bytes is over ${headerBytesMax}`);
  }
  const root = FlatTable.root(bytes);
  const version = root.int16(0);
  if (version < METADATA_V4) {
    throw unsupported(`IPC metadata version V${version + 1} is not supported, V4 and V5 are`);
  }
  if (version > METADATA_V5) throw unsupported(`unknown IPC metadata version ${version}`);
  const header = root.table(2);
  if (!header) throw malformed('IPC message without a header');
  const bodyLength = root.int64(3, 'the body length');
  if (bodyLength < 0) throw malformed(`the body length is negative: ${bodyLength}`);
  return { version, kind: root.uint8(1), header, bodyLength, metadata: readKeyValues(root, 4) };
}
