import type { CallContext, FlightDescriptor, FlightInfo, FlightMessage, FlightService } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import type { Schema } from 'apache-arrow';
import { type ActionContext, sqlAction, sqlActions } from './actions.ts';
import { type Command, decodeCommand } from './command.ts';
import type { FlightSqlHandlers } from './handlers.ts';
import { metadataRows, metadataSchema } from './metadata-commands.ts';
import { peek } from './peek.ts';
import { put } from './put.ts';
import { fixedSessions } from './sessions.ts';
import { defaultSqlInfo } from './sql-info-defaults.ts';
import { decodeHandle } from './statement-handle.ts';
import { Statements } from './statements.ts';
import { plainSeal, type TicketSeal } from './ticket-seal.ts';

export interface FlightSqlOptions {
  /** Protects tickets and prepared statements' handles. Every server that shall take them needs the same. Default: none. */
  readonly seal?: TicketSeal;
  /** Serves what isn't Flight SQL: other descriptors, tickets and actions, and the calls that Flight SQL doesn't use. */
  readonly fallback?: Partial<FlightService>;
  /** Rows of parameters bound at once. Default 10 000. */
  readonly parameterRowsMax?: number;
}

/**
 * A Flight service that speaks Flight SQL, filled by an embedder's handlers. It keeps no state: prepared statements live in
 * their handles, so another server with the same handlers and seal goes on with them.
 * https://arrow.apache.org/docs/format/FlightSql.html
 */
export function createFlightSqlService(
  handlers: FlightSqlHandlers,
  options: FlightSqlOptions = {},
): Partial<FlightService> {
  const { fallback = {}, seal = plainSeal } = options;
  const sql = new SqlCalls(handlers, seal, options.parameterRowsMax ?? 10_000);
  const { handshake, listFlights, doExchange } = fallback;
  return {
    ...(handshake && { handshake: handshake.bind(fallback) }),
    ...(listFlights && { listFlights: listFlights.bind(fallback) }),
    ...(doExchange && { doExchange: doExchange.bind(fallback) }),
    async getFlightInfo(descriptor, context) {
      const command = commandOf(descriptor);
      if (command) return sql.info(command, descriptor, context);
      return required(fallback, 'getFlightInfo', descriptor)(descriptor, context);
    },
    async pollFlightInfo(descriptor, context) {
      const command = commandOf(descriptor);
      if (command) return { info: await sql.info(command, descriptor, context), progress: 1 };
      return required(fallback, 'pollFlightInfo', descriptor)(descriptor, context);
    },
    async getSchema(descriptor, context) {
      const command = commandOf(descriptor);
      if (command) return sql.schema(command, context);
      return required(fallback, 'getSchema', descriptor)(descriptor, context);
    },
    async *doGet(ticket, context) {
      const command = decodeCommand(ticket);
      if (command) yield* sql.rows(command, context);
      else if (fallback.doGet) yield* fallback.doGet(ticket, context);
      else throw new GrpcError(Status.INVALID_ARGUMENT, 'the ticket was not made by this service');
    },
    async *doPut(messages, context) {
      const { first, all } = await peek(messages);
      const command = first?.descriptor && commandOf(first.descriptor);
      if (command) yield await put(command, all, sql, context);
      else if (fallback.doPut) yield* fallback.doPut(all, context);
      else if (first)
        throw new GrpcError(Status.INVALID_ARGUMENT, 'DoPut needs a descriptor with a Flight SQL command');
    },
    async *doAction(action, context) {
      const results = await sqlAction(action, sql, context);
      if (results) yield* results;
      else if (fallback.doAction) yield* fallback.doAction(action, context);
      else throw new GrpcError(Status.UNIMPLEMENTED, `there is no action ${JSON.stringify(action.type)}`);
    },
    async *listActions(context) {
      yield* sqlActions;
      if (fallback.listActions) yield* fallback.listActions(context);
    },
  };
}

/** Flight SQL's commands, whichever call they come with. */
class SqlCalls implements ActionContext {
  readonly handlers: FlightSqlHandlers;
  readonly statements: Statements;
  readonly seal: TicketSeal;
  readonly sessions;
  readonly parameterRowsMax: number;
  readonly #info;

  constructor(handlers: FlightSqlHandlers, seal: TicketSeal, parameterRowsMax: number) {
    this.handlers = handlers;
    this.statements = new Statements(handlers, seal);
    this.seal = seal;
    this.sessions = handlers.sessions ?? fixedSessions({});
    this.parameterRowsMax = parameterRowsMax;
    this.#info = { ...defaultSqlInfo(handlers), ...handlers.info };
  }

  async info(command: Command, descriptor: FlightDescriptor, context: CallContext): Promise<FlightInfo> {
    const schema = metadataSchema(command);
    if (schema) {
      const endpoints = [{ ticket: descriptor.command!, locations: [] }];
      return { schema, descriptor, endpoints, totalRecords: -1, totalBytes: -1, ordered: true };
    }
    return this.statements.info(this.#statement(command), descriptor, context);
  }

  async schema(command: Command, context: CallContext): Promise<Schema> {
    return metadataSchema(command) ?? this.statements.schema(this.#statement(command).sql, context);
  }

  async *rows(command: Command, context: CallContext): AsyncGenerator<FlightMessage> {
    if (metadataSchema(command)) yield { batch: await metadataRows(command, this.handlers, this.#info, context) };
    else if (command.name === 'TicketStatementQuery') {
      yield* this.statements.rows(decodeHandle(command.message.statementHandle, this.seal), context);
    } else throw new GrpcError(Status.INVALID_ARGUMENT, `a ticket can't hold ${command.name}`);
  }

  #statement(command: Command) {
    switch (command.name) {
      case 'CommandStatementQuery':
        return { sql: command.message.query };
      case 'CommandPreparedStatementQuery':
        return decodeHandle(command.message.preparedStatementHandle, this.seal);
      case 'CommandStatementSubstraitPlan':
        throw new GrpcError(Status.UNIMPLEMENTED, 'Substrait plans are not served');
      default:
        throw new GrpcError(Status.INVALID_ARGUMENT, `${command.name} has no rows to fetch`);
    }
  }
}

function commandOf({ command }: FlightDescriptor): Command | undefined {
  return command && decodeCommand(command);
}

function required<C extends 'getFlightInfo' | 'pollFlightInfo' | 'getSchema'>(
  fallback: Partial<FlightService>,
  call: C,
  descriptor: FlightDescriptor,
): FlightService[C] {
  const method = fallback[call];
  if (method) return method.bind(fallback) as FlightService[C];
  const what = descriptor.path ? `the path ${descriptor.path.join('/')}` : 'a command that is not Flight SQL';
  throw new GrpcError(Status.INVALID_ARGUMENT, `${what} means nothing here`);
}
