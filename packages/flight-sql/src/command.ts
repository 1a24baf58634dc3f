import { GrpcError, Status } from '@signaldb/grpc';
import * as sql from '@signaldb/proto/arrow/flight/protocol/sql/flight_sql';
import { packAny, unpackAny } from './any.ts';

/** Every command of Flight SQL that stands in a descriptor or a ticket, by name. */
const codecs = {
  CommandGetSqlInfo: sql.CommandGetSqlInfo,
  CommandGetXdbcTypeInfo: sql.CommandGetXdbcTypeInfo,
  CommandGetCatalogs: sql.CommandGetCatalogs,
  CommandGetDbSchemas: sql.CommandGetDbSchemas,
  CommandGetTables: sql.CommandGetTables,
  CommandGetTableTypes: sql.CommandGetTableTypes,
  CommandGetPrimaryKeys: sql.CommandGetPrimaryKeys,
  CommandGetExportedKeys: sql.CommandGetExportedKeys,
  CommandGetImportedKeys: sql.CommandGetImportedKeys,
  CommandGetCrossReference: sql.CommandGetCrossReference,
  CommandStatementQuery: sql.CommandStatementQuery,
  CommandStatementSubstraitPlan: sql.CommandStatementSubstraitPlan,
  CommandStatementUpdate: sql.CommandStatementUpdate,
  CommandStatementIngest: sql.CommandStatementIngest,
  CommandPreparedStatementQuery: sql.CommandPreparedStatementQuery,
  CommandPreparedStatementUpdate: sql.CommandPreparedStatementUpdate,
  TicketStatementQuery: sql.TicketStatementQuery,
  ActionCreatePreparedStatementRequest: sql.ActionCreatePreparedStatementRequest,
  ActionClosePreparedStatementRequest: sql.ActionClosePreparedStatementRequest,
  ActionCreatePreparedStatementResult: sql.ActionCreatePreparedStatementResult,
  ActionCreatePreparedSubstraitPlanRequest: sql.ActionCreatePreparedSubstraitPlanRequest,
  ActionBeginTransactionRequest: sql.ActionBeginTransactionRequest,
  ActionBeginTransactionResult: sql.ActionBeginTransactionResult,
  ActionEndTransactionRequest: sql.ActionEndTransactionRequest,
  ActionBeginSavepointRequest: sql.ActionBeginSavepointRequest,
  ActionBeginSavepointResult: sql.ActionBeginSavepointResult,
  ActionEndSavepointRequest: sql.ActionEndSavepointRequest,
  ActionCancelQueryRequest: sql.ActionCancelQueryRequest,
  ActionCancelQueryResult: sql.ActionCancelQueryResult,
  DoPutUpdateResult: sql.DoPutUpdateResult,
  DoPutPreparedStatementResult: sql.DoPutPreparedStatementResult,
};

type Codecs = typeof codecs;

export type CommandName = keyof Codecs;

/** The message of a command. */
export type CommandMessage<N extends CommandName> = ReturnType<Codecs[N]['decode']>;

/** A command with its message, to be told apart by `name`. */
export type Command = {
  readonly [N in CommandName]: { readonly name: N; readonly message: CommandMessage<N> };
}[CommandName];

/** A message as it travels, inside an Any. */
export function encodeCommand<N extends CommandName>(name: N, message: CommandMessage<N>): Uint8Array {
  return packAny({ name, value: codecs[name].encode(message as never).finish() });
}

/**
 * Undefined where the bytes are no Flight SQL message at all. Throws GrpcError: UNIMPLEMENTED for one that isn't known,
 * INVALID_ARGUMENT for one that can't be decoded.
 */
export function decodeCommand(bytes: Uint8Array): Command | undefined {
  const any = unpackAny(bytes);
  if (!any) return undefined;
  if (!Object.hasOwn(codecs, any.name))
    throw new GrpcError(Status.UNIMPLEMENTED, `Flight SQL's ${any.name} isn't served`);
  const name = any.name as CommandName;
  try {
    return { name, message: codecs[name].decode(any.value) } as Command;
  } catch (error) {
    throw new GrpcError(Status.INVALID_ARGUMENT, `${name} can't be decoded: ${(error as Error).message}`);
  }
}

/** Decodes the body of an action, which must be of that message. */
export function decodeAs<N extends CommandName>(name: N, bytes: Uint8Array): CommandMessage<N> {
  const command = decodeCommand(bytes);
  if (command?.name !== name) throw new GrpcError(Status.INVALID_ARGUMENT, `the body is no ${name}`);
  return command.message as CommandMessage<N>;
}
