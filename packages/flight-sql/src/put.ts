import type { CallContext, FlightMessage } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import { DoPutPreparedStatementResult, DoPutUpdateResult } from '@signaldb/proto/arrow/flight/protocol/sql/flight_sql';
import { boundRows, type ParameterLimits } from './bound-rows.ts';
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
  readonly parameterLimits: ParameterLimits;
}

/** Serves the commands that come with DoPut; answers the one PutResult that each has. */
export async function put(
  command: Command,
  messages: AsyncIterable<FlightMessage>,
  { handlers, statements, handleSeal, parameterLimits }: PutContext,
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
      const limits = { ...parameterLimits, rowsMax: Number.POSITIVE_INFINITY };
      const parameters = (await boundRows(messages, limits)) ?? held.parameters;
      return updateResult(await statements.update({ ...held, ...(parameters && { parameters }) }, context));
    }
    case 'CommandPreparedStatementQuery': {
      const { parameters: _, ...held } = decodeHandle(command.message.preparedStatementHandle, handleSeal);
      const parameters = await boundRows(messages, parameterLimits);
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

export function updateResult(rows: number): Uint8Array {
  return DoPutUpdateResult.encode({ recordCount: BigInt(rows) }).finish();
}
