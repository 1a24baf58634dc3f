import { type CallContext, encodeSchemaBytes, type FlightAction, type FlightActionType } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import {
  CancelFlightInfoRequest,
  CancelFlightInfoResult,
  CancelStatus,
  FlightEndpoint,
  FlightInfo,
  RenewFlightEndpointRequest,
} from '@signaldb/proto/arrow/flight/protocol/flight';
import { ActionCancelQueryResult_CancelResult as CancelResult } from '@signaldb/proto/arrow/flight/protocol/sql/flight_sql';
import { decodeAs, decodeCommand, encodeCommand } from './command.ts';
import type { FlightSqlHandlers, SqlSessions } from './handlers.ts';
import { sessionAction } from './sessions.ts';
import { encodeHandle } from './statement-handle.ts';
import type { TicketSeal } from './ticket-seal.ts';

export interface ActionContext {
  readonly handlers: FlightSqlHandlers;
  readonly sessions: SqlSessions;
  readonly seal: TicketSeal;
}

/** The actions that are served, with what ListActions says of them. */
export const sqlActions: readonly FlightActionType[] = [
  { type: 'CreatePreparedStatement', description: 'Prepares a statement; its handle is good on every server.' },
  { type: 'ClosePreparedStatement', description: 'Ends a prepared statement.' },
  { type: 'CancelFlightInfo', description: 'Cancels a query.' },
  { type: 'CancelQuery', description: 'Cancels a query (superseded by CancelFlightInfo).' },
  { type: 'RenewFlightEndpoint', description: 'Makes a ticket good for longer.' },
  { type: 'GetSessionOptions', description: 'Answers the options of the session.' },
  { type: 'SetSessionOptions', description: 'Sets options of the session.' },
  { type: 'CloseSession', description: 'Ends the session.' },
];

/** Actions of the protocol that are refused by name: what they need is announced as missing in GetSqlInfo. */
const refused = new Set([
  'CreatePreparedSubstraitPlan',
  'BeginTransaction',
  'BeginSavepoint',
  'EndTransaction',
  'EndSavepoint',
]);

/** Serves an action: its results, undefined where it isn't one of Flight SQL's. */
export async function sqlAction(
  { type, body }: FlightAction,
  { handlers, sessions, seal }: ActionContext,
  context: CallContext,
): Promise<Uint8Array[] | undefined> {
  if (refused.has(type)) throw new GrpcError(Status.UNIMPLEMENTED, `${type} is not served`);
  switch (type) {
    case 'CreatePreparedStatement': {
      const { query: sql } = decodeAs('ActionCreatePreparedStatementRequest', body);
      const { schema, parameters } = await handlers.prepare(sql, context);
      const result = {
        preparedStatementHandle: Buffer.from(encodeHandle({ sql }, seal)),
        datasetSchema: Buffer.from(schema ? encodeSchemaBytes(schema) : []),
        parameterSchema: Buffer.from(parameters ? encodeSchemaBytes(parameters) : []),
        isUpdate: !schema,
      };
      return [encodeCommand('ActionCreatePreparedStatementResult', result)];
    }
    case 'ClosePreparedStatement':
      decodeAs('ActionClosePreparedStatementRequest', body);
      return [];
    case 'CancelFlightInfo': {
      const { info } = decodeBody(() => CancelFlightInfoRequest.decode(body));
      const status = CancelStatus[`CANCEL_STATUS_${await cancel(info, handlers, context)}`];
      return [CancelFlightInfoResult.encode({ status }).finish()];
    }
    case 'CancelQuery': {
      const { info } = decodeAs('ActionCancelQueryRequest', body);
      const status = await cancel(
        decodeBody(() => FlightInfo.decode(info)),
        handlers,
        context,
      );
      return [encodeCommand('ActionCancelQueryResult', { result: CancelResult[`CANCEL_RESULT_${status}`] })];
    }
    case 'RenewFlightEndpoint': {
      const { endpoint } = decodeBody(() => RenewFlightEndpointRequest.decode(body));
      return [FlightEndpoint.encode(renew(endpoint, seal)).finish()];
    }
    default: {
      const result = await sessionAction(type, body, sessions, context);
      return result && [result];
    }
  }
}

async function cancel(info: FlightInfo | undefined, handlers: FlightSqlHandlers, context: CallContext) {
  const ticket = info?.endpoint[0]?.ticket?.ticket;
  return ticket && handlers.cancel ? handlers.cancel(ticket, context) : 'NOT_CANCELLABLE';
}

/** Seals a statement's ticket anew; it has to be good still. */
function renew(endpoint: FlightEndpoint | undefined, seal: TicketSeal): FlightEndpoint {
  const command = endpoint?.ticket && decodeCommand(endpoint.ticket.ticket);
  if (!endpoint || command?.name !== 'TicketStatementQuery') {
    throw new GrpcError(Status.INVALID_ARGUMENT, 'the endpoint has no ticket that could be renewed');
  }
  const statementHandle = Buffer.from(seal.seal(seal.open(command.message.statementHandle)));
  const time = seal.expirationTime?.().getTime();
  return {
    ...endpoint,
    ticket: { ticket: Buffer.from(encodeCommand('TicketStatementQuery', { statementHandle })) },
    expirationTime:
      time === undefined
        ? undefined
        : { seconds: BigInt(Math.floor(time / 1000)), nanos: Math.floor(time % 1000) * 1_000_000 },
  };
}

function decodeBody<T>(decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    throw new GrpcError(Status.INVALID_ARGUMENT, `the body can't be decoded: ${(error as Error).message}`);
  }
}
