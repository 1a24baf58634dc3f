import type { CallContext, FlightMessage } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import { DoPutPreparedStatementResult, DoPutUpdateResult } from '@signaldb/proto/arrow/flight/protocol/sql/flight_sql';
import type { RecordBatch } from 'apache-arrow';
import type { Command } from './command.ts';
import type { FlightSqlHandlers } from './handlers.ts';
import { ingestFromWire } from './ingest-request.ts';
import { decodeHandle, encodeHandle } from './statement-handle.ts';
import { planFromWire, transactionFromWire } from './statement-wire.ts';
import type { Statements } from './statements.ts';
import type { TicketSeal } from './ticket-seal.ts';

/** What DoPut needs of the service. */
export interface PutContext {
  readonly handlers: FlightSqlHandlers;
  readonly statements: Statements;
  readonly handleSeal: TicketSeal;
  readonly parameterRowsMax: number;
}

/** Serves the commands that come with DoPut; answers the one PutResult that each has. */
export async function put(
  command: Command,
  messages: AsyncIterable<FlightMessage>,
  { handlers, statements, handleSeal, parameterRowsMax }: PutContext,
  context: CallContext,
): Promise<Uint8Array> {
  switch (command.name) {
    case 'CommandStatementUpdate': {
      const { query: sql, transactionId } = command.message;
      return updateResult(await statements.update({ sql, ...transactionFromWire(transactionId) }, context));
    }
    case 'CommandStatementSubstraitPlan': {
      const held = { plan: planFromWire(command.message.plan), ...transactionFromWire(command.message.transactionId) };
      return updateResult(await statements.update(held, context));
    }
    case 'CommandPreparedStatementUpdate': {
      const held = decodeHandle(command.message.preparedStatementHandle, handleSeal);
      const parameters = (await boundRows(messages, parameterRowsMax)) ?? held.parameters;
      return updateResult(await statements.update({ ...held, ...(parameters && { parameters }) }, context));
    }
    case 'CommandPreparedStatementQuery': {
      const { parameters: _, ...held } = decodeHandle(command.message.preparedStatementHandle, handleSeal);
      const parameters = await boundRows(messages, parameterRowsMax);
      const handle = encodeHandle({ ...held, ...(parameters && { parameters }) }, handleSeal);
      return DoPutPreparedStatementResult.encode({ preparedStatementHandle: Buffer.from(handle) }).finish();
    }
    case 'CommandStatementIngest': {
      const request = ingestFromWire(command.message);
      if (!handlers.ingest) throw new GrpcError(Status.UNIMPLEMENTED, 'bulk ingest is not served here');
      if (request.transaction && !handlers.transactions) {
        throw new GrpcError(Status.INVALID_ARGUMENT, 'the ingest names a transaction, and there are none here');
      }
      return updateResult(await handlers.ingest(request, messages, context));
    }
    default:
      throw new GrpcError(Status.INVALID_ARGUMENT, `${command.name} is not a command for DoPut`);
  }
}

/** Undefined where nothing is bound: no batch at all, or one without columns (as JDBC sends for a plain statement). */
async function boundRows(messages: AsyncIterable<FlightMessage>, rowsMax: number): Promise<RecordBatch[] | undefined> {
  const batches: RecordBatch[] = [];
  let rows = 0;
  for await (const { batch } of messages) {
    if (!batch || batch.numCols === 0) continue;
    rows += batch.numRows;
    if (rows > rowsMax) {
      throw new GrpcError(
        Status.RESOURCE_EXHAUSTED,
        `more than ${rowsMax} rows of parameters are bound at once: send fewer at a time, or use bulk ingest`,
      );
    }
    if (batches[0] && String(batches[0].schema) !== String(batch.schema)) {
      throw new GrpcError(Status.INVALID_ARGUMENT, 'the rows of parameters are not all of one schema');
    }
    batches.push(batch);
  }
  return batches.length > 0 ? batches : undefined;
}

export function updateResult(rows: number): Uint8Array {
  return DoPutUpdateResult.encode({ recordCount: BigInt(rows) }).finish();
}
