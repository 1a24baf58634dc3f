import { FlatTable } from '../ipc/flatbuffer.ts';
import { MessageKind, readMessage } from '../ipc/message.ts';

/** One message of an IPC stream, apart. */
export interface StreamMessage {
  header: Uint8Array<ArrayBuffer>;
  body: Uint8Array<ArrayBuffer>;
}

const CONTINUATION = 0xffff_ffff;

/** The messages of a well-formed stream, copied. */
export function splitStream(bytes: Uint8Array<ArrayBuffer>): StreamMessage[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const messages: StreamMessage[] = [];
  for (let position = 0; position + 4 <= bytes.length; ) {
    const start = position + (view.getUint32(position, true) === CONTINUATION ? 8 : 4);
    const length = view.getUint32(start - 4, true);
    if (length === 0) break;
    const header = bytes.slice(start, start + length);
    const end = start + length + readMessage(header, bytes.length).bodyLength;
    messages.push({ header, body: bytes.slice(start + length, end) });
    position = end;
  }
  return messages;
}

/** Messages as a stream, with the framing that they need. */
export function joinStream(messages: readonly StreamMessage[]): Uint8Array {
  const parts = messages.flatMap(({ header, body }) => {
    const prefix = Buffer.alloc(8);
    prefix.writeUInt32LE(CONTINUATION, 0);
    prefix.writeUInt32LE(header.length, 4);
    return [prefix, header, body];
  });
  return Buffer.concat(parts);
}

/** Where the numbers of a message lie that say how long or where something is, each of 8 bytes: in its header. */
export function numberPositions(header: Uint8Array): number[] {
  const message = readMessage(header, header.length);
  const batch = message.kind === MessageKind.dictionaryBatch ? message.header.table(1) : message.header;
  if (message.kind === MessageKind.schema || !batch) return [];
  const positions: number[] = [];
  for (const [slot, bytes] of [
    [1, 16],
    [2, 16],
    [4, 8],
  ] as const) {
    const vector = batch.vector(slot, bytes);
    for (let at = 0; vector && at < vector.length * bytes; at += 8) positions.push(vector.start + at);
  }
  return positions;
}

/** Where the buffers of a message lie in its body. */
export function bufferRegions(header: Uint8Array): { offset: number; length: number }[] {
  const root = FlatTable.root(header);
  const kind = root.uint8(1);
  const table = root.table(2);
  const batch = kind === MessageKind.dictionaryBatch ? table?.table(1) : table;
  const vector = kind === MessageKind.schema ? undefined : batch?.vector(2, 16);
  if (!vector) return [];
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  return Array.from({ length: vector.length }, (_, i) => ({
    offset: view.getUint32(vector.start + i * 16, true),
    length: view.getUint32(vector.start + i * 16 + 8, true),
  }));
}
