import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { decodeIpcStream, encodeIpcStream } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import type { RecordBatch } from 'apache-arrow';
import type { TicketSeal } from './ticket-seal.ts';

/** What a prepared statement's handle and a statement's ticket say: all that is needed to run it, on any server. */
export interface HeldStatement {
  readonly sql: string;
  /** What was bound: batches of one schema, a row for each run. Absent where nothing was bound. */
  readonly parameters?: readonly RecordBatch[];
}

export function encodeHandle({ sql, parameters }: HeldStatement, seal: TicketSeal): Uint8Array {
  const writer = new BinaryWriter().uint32(10).string(sql);
  const schema = parameters?.[0]?.schema;
  if (schema) writer.uint32(18).bytes(Buffer.concat(encodeIpcStream({ schema, batches: parameters })));
  return seal.seal(writer.finish());
}

/** Throws INVALID_ARGUMENT where the bytes are no handle, and what the seal throws. */
export function decodeHandle(bytes: Uint8Array, seal: TicketSeal): HeldStatement {
  const content = seal.open(bytes);
  let sql: string | undefined;
  let stream: Uint8Array | undefined;
  try {
    const reader = new BinaryReader(content);
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      if (tag === 10) sql = reader.string();
      else if (tag === 18) stream = reader.bytes();
      else reader.skip(tag & 7);
    }
  } catch {
    sql = undefined;
  }
  if (sql === undefined)
    throw new GrpcError(Status.INVALID_ARGUMENT, 'the statement handle is not one of this service');
  return { sql, ...(stream && { parameters: decodeIpcStream(stream).batches }) };
}
