import {
  type CallContext,
  encodeSchemaBytes,
  type FlightAction,
  type FlightActions,
  type FlightActionType,
} from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import {
  CancelFlightInfoRequest,
  CancelFlightInfoResult,
  FlightInfo,
} from '@signaldb/proto/arrow/flight/protocol/flight';
import { announcedParameters } from './announced-parameters.ts';
import { decodeAs, encodeCommand } from './command.ts';
import type { FlightSqlHandlers } from './handlers.ts';
import { encodeHandle, type HeldStatement } from './statement-handle.ts';
import { planFromWire, transactionFromWire } from './statement-wire.ts';
import type { Statements } from './statements.ts';
import type { TicketSeal } from './ticket-seal.ts';
import { transactionAction, transactionActions } from './transaction-actions.ts';

export interface ActionContext {
  readonly handlers: FlightSqlHandlers;
  readonly statements: Statements;
  /** Of prepared statements' handles. */
  readonly handleSeal: TicketSeal;
  /** Those that Flight itself defines. */
  readonly standard: FlightActions;
}

const always: readonly FlightActionType[] = [
  { type: 'CreatePreparedStatement', description: 'Prepares a statement; its handle is good on every server.' },
  { type: 'ClosePreparedStatement', description: 'Ends a prepared statement.' },
  { type: 'CancelQuery', description: 'Cancels a query (superseded by CancelFlightInfo).' },
];

/** The actions that are served with these handlers, with what ListActions says of them. */
export function sqlActions({ handlers, standard }: ActionContext): readonly FlightActionType[] {
  const { substrait, transactions } = handlers;
  const plans = [{ type: 'CreatePreparedSubstraitPlan', description: 'Prepares a Substrait plan, as a statement.' }];
  return [...always, ...(substrait ? plans : []), ...transactionActions(transactions), ...standard.types];
}

/** Serves an action: its results, undefined where it isn't one of Flight SQL's. */
export async function sqlAction(
  action: FlightAction,
  calls: ActionContext,
  context: CallContext,
): Promise<Uint8Array[] | undefined> {
  const { type, body } = action;
  switch (type) {
    case 'CreatePreparedStatement': {
      const { query: sql, transactionId } = decodeAs('ActionCreatePreparedStatementRequest', body);
      return [await prepare({ sql, ...transactionFromWire(transactionId) }, calls, context)];
    }
    case 'CreatePreparedSubstraitPlan': {
      const { plan, transactionId } = decodeAs('ActionCreatePreparedSubstraitPlanRequest', body);
      return [await prepare({ plan: planFromWire(plan), ...transactionFromWire(transactionId) }, calls, context)];
    }
    case 'ClosePreparedStatement':
      decodeAs('ActionClosePreparedStatementRequest', body);
      return [];
    case 'CancelQuery':
      return [await cancelQuery(body, calls.standard, context)];
    default:
      return (
        (await transactionAction(action, calls.handlers.transactions, context)) ??
        (await calls.standard.serve(action, context))
      );
  }
}

async function prepare(
  held: HeldStatement,
  { statements, handleSeal }: ActionContext,
  context: CallContext,
): Promise<Uint8Array> {
  const { schema, parameters } = await statements.prepare(held, context);
  return encodeCommand('ActionCreatePreparedStatementResult', {
    preparedStatementHandle: Buffer.from(encodeHandle(held, handleSeal)),
    datasetSchema: Buffer.from(schema ? encodeSchemaBytes(schema) : []),
    parameterSchema: Buffer.from(parameters ? encodeSchemaBytes(announcedParameters(parameters)) : []),
    isUpdate: !schema,
  });
}

/** What CancelFlightInfo does, in the words of before: the numbers of both results are the same. */
async function cancelQuery(body: Uint8Array, standard: FlightActions, context: CallContext): Promise<Uint8Array> {
  const { info } = decodeAs('ActionCancelQueryRequest', body);
  let request: Uint8Array;
  try {
    request = CancelFlightInfoRequest.encode({ info: FlightInfo.decode(info) }).finish();
  } catch (error) {
    throw new GrpcError(Status.INVALID_ARGUMENT, `the info can't be decoded: ${(error as Error).message}`);
  }
  const [result] = (await standard.serve({ type: 'CancelFlightInfo', body: request }, context)) ?? [];
  const { status } = CancelFlightInfoResult.decode(result!);
  return encodeCommand('ActionCancelQueryResult', { result: status });
}
