import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { decodeIpcStream, encodeIpcStream } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import type { RecordBatch } from 'apache-arrow';
import type { TicketSeal } from './ticket-seal.ts';

/** What a prepared statement's handle and a statement's ticket say: all that is needed to run it, on any server. */
export interface HeldStatement {
  readonly sql: string;
  /** What was bound: a row for each run. */
  readonly parameters?: RecordBatch;
}

export function encodeHandle({ sql, parameters }: HeldStatement, seal: TicketSeal): Uint8Array {
  const writer = new BinaryWriter().uint32(10).string(sql);
  if (parameters) {
    const stream = Buffer.concat(encodeIpcStream({ schema: parameters.schema, batches: [parameters] }));
    writer.uint32(18).bytes(stream);
  }
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
  const parameters = stream && decodeIpcStream(stream).batches[0];
  return { sql, ...(parameters && { parameters }) };
}
