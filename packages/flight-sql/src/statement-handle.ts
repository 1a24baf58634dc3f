import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { decodeIpcStream, encodeIpcStream } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import type { RecordBatch } from 'apache-arrow';
import type { SubstraitPlan } from './statement.ts';
import type { TicketSeal } from './ticket-seal.ts';

/** A statement in one of the languages. */
export type StatementText =
  | { readonly sql: string; readonly plan?: undefined }
  | { readonly plan: SubstraitPlan; readonly sql?: undefined };

/** What a prepared statement's handle and a statement's ticket say: all that is needed to run it, on any server. */
export type HeldStatement = StatementText & {
  /** What was bound: batches of one schema, a row for each run. Absent where nothing was bound. */
  readonly parameters?: readonly RecordBatch[];
  readonly transaction?: Uint8Array;
  /** Of a query that GetFlightInfo or PollFlightInfo began. */
  readonly id?: string;
  /** What `poll` needs to go on. */
  readonly pollToken?: Uint8Array;
};

const tags = { sql: 10, parameters: 18, id: 26, transaction: 34, pollToken: 42, plan: 50, planVersion: 58 } as const;

export function encodeHandle(held: HeldStatement, seal: TicketSeal): Uint8Array {
  const writer = new BinaryWriter();
  if (held.plan) {
    writer.uint32(tags.plan).bytes(held.plan.bytes).uint32(tags.planVersion).string(held.plan.version);
  } else {
    writer.uint32(tags.sql).string(held.sql);
  }
  const schema = held.parameters?.[0]?.schema;
  if (schema && held.parameters) {
    writer.uint32(tags.parameters).bytes(Buffer.concat(encodeIpcStream({ schema, batches: held.parameters })));
  }
  if (held.id !== undefined) writer.uint32(tags.id).string(held.id);
  if (held.transaction) writer.uint32(tags.transaction).bytes(held.transaction);
  if (held.pollToken) writer.uint32(tags.pollToken).bytes(held.pollToken);
  return seal.seal(writer.finish());
}

/** Throws INVALID_ARGUMENT where the bytes are no handle, and what the seal throws. */
export function decodeHandle(bytes: Uint8Array, seal: TicketSeal): HeldStatement {
  const content = seal.open(bytes);
  const fields = new Map<number, Uint8Array>();
  try {
    const reader = new BinaryReader(content);
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      if ((tag & 7) === 2) fields.set(tag, reader.bytes());
      else reader.skip(tag & 7);
    }
  } catch {
    fields.clear();
  }
  const text = (tag: number) => fields.has(tag) && Buffer.from(fields.get(tag)!).toString('utf8');
  const [sql, id, plan] = [text(tags.sql), text(tags.id), fields.get(tags.plan)];
  if (sql === false && !plan) {
    throw new GrpcError(Status.INVALID_ARGUMENT, 'the statement handle is not one of this service');
  }
  const stream = fields.get(tags.parameters);
  const transaction = fields.get(tags.transaction);
  const pollToken = fields.get(tags.pollToken);
  return {
    ...(plan ? { plan: { bytes: plan, version: text(tags.planVersion) || '' } } : { sql: sql as string }),
    ...(stream && { parameters: decodeIpcStream(stream).batches }),
    ...(id !== false && { id }),
    ...(transaction && { transaction }),
    ...(pollToken && { pollToken }),
  };
}
