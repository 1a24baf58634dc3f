import {
  type CallContext,
  type FlightActions,
  type FlightDescriptor,
  type FlightInfo,
  type FlightMessage,
  type FlightService,
  flightActions,
  type PollInfo,
} from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import type { Schema } from 'apache-arrow';
import { type ActionContext, sqlAction, sqlActions } from './actions.ts';
import type { ParameterLimits } from './bound-rows.ts';
import { type Command, decodeCommand } from './command.ts';
import { Endpoints } from './endpoints.ts';
import type { FlightSqlHandlers } from './handlers.ts';
import { metadataRows, metadataSchema } from './metadata-commands.ts';
import { peek } from './peek.ts';
import { type PutContext, put, updateResult } from './put.ts';
import { RunningQueries } from './running-queries.ts';
import { fixedSessions } from './sessions.ts';
import type { SqlInfoValue } from './sql-info.ts';
import { defaultSqlInfo } from './sql-info-defaults.ts';
import { decodeHandle, type HeldStatement } from './statement-handle.ts';
import { planFromWire, transactionFromWire } from './statement-wire.ts';
import { Statements } from './statements.ts';
import { plainSeal, type TicketSeal } from './ticket-seal.ts';

export interface FlightSqlOptions {
  /** Protects tickets. Every server that shall take them needs the same. Default: none. */
  readonly seal?: TicketSeal;
  /** Protects prepared statements' handles, which may have to live longer than tickets. Default: `seal`. */
  readonly handleSeal?: TicketSeal;
  /** Serves what isn't Flight SQL: other descriptors, tickets and actions, and the calls that Flight SQL doesn't use. */
  readonly fallback?: Partial<FlightService>;
  /** Rows of parameters bound to a query at once: each is a run of its own. Default 10 000. */
  readonly parameterRowsMax?: number;
  /**
   * Bytes of parameters bound at once, to a query or an update: they are in memory together, and those of a query in its
   * handle and its ticket. Default 16 MiB.
   */
  readonly parameterBytesMax?: number;
  /** Cancelled queries that are remembered, so that their tickets are refused. Default 10 000. */
  readonly cancelledMax?: number;
  /** What GetSqlInfo tells of the server. */
  readonly server?: { readonly name: string; readonly version: string };
}

/**
 * A Flight service that speaks Flight SQL, filled by an embedder's handlers. It keeps nothing between calls that another
 * server would need: prepared statements live in their handles, so another one with the same handlers and seal goes on.
 * https://arrow.apache.org/docs/format/FlightSql.html
 */
export function createFlightSqlService(
  handlers: FlightSqlHandlers,
  options: FlightSqlOptions = {},
): Partial<FlightService> {
  const { fallback = {} } = options;
  const sql = new SqlCalls(handlers, options);
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
      if (command) return sql.poll(command, descriptor, context);
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
      // ADBC's bulk ingest of a table without batches: it says nothing, and waits for the number of rows.
      else if (!first) yield updateResult(0);
      else if (fallback.doPut) yield* fallback.doPut(all, context);
      else throw new GrpcError(Status.INVALID_ARGUMENT, 'DoPut needs a descriptor with a Flight SQL command');
    },
    async *doAction(action, context) {
      const results = await sqlAction(action, sql, context);
      if (results) yield* results;
      else if (fallback.doAction) yield* fallback.doAction(action, context);
      else throw new GrpcError(Status.UNIMPLEMENTED, `there is no action ${JSON.stringify(action.type)}`);
    },
    async *listActions(context) {
      yield* sqlActions(sql);
      if (fallback.listActions) yield* fallback.listActions(context);
    },
  };
}

/** Flight SQL's commands, whichever call they come with. */
class SqlCalls implements ActionContext, PutContext {
  readonly handlers: FlightSqlHandlers;
  readonly statements: Statements;
  readonly handleSeal: TicketSeal;
  readonly standard: FlightActions;
  readonly parameterLimits: ParameterLimits;
  readonly #seal: TicketSeal;
  readonly #info: Readonly<Record<number, SqlInfoValue>>;

  constructor(handlers: FlightSqlHandlers, options: FlightSqlOptions) {
    this.handlers = handlers;
    this.#seal = options.seal ?? plainSeal;
    this.handleSeal = options.handleSeal ?? this.#seal;
    const running = new RunningQueries(options.cancelledMax ?? 10_000);
    this.statements = new Statements(handlers, this.#seal, running);
    const endpoints = new Endpoints(handlers, running, this.#seal);
    this.standard = flightActions({
      cancel: endpoints.cancel.bind(endpoints),
      renew: endpoints.renew.bind(endpoints),
      sessions: handlers.sessions ?? fixedSessions({}),
    });
    this.parameterLimits = {
      rowsMax: options.parameterRowsMax ?? 10_000,
      bytesMax: options.parameterBytesMax ?? 16 << 20,
    };
    this.#info = { ...defaultSqlInfo(handlers, options.server), ...handlers.info };
  }

  async info(command: Command, descriptor: FlightDescriptor, context: CallContext): Promise<FlightInfo> {
    const schema = metadataSchema(command);
    if (!schema) return this.statements.info(this.#statement(command), descriptor, context);
    const endpoints = [{ ticket: descriptor.command!, locations: [] }];
    return { schema, descriptor, endpoints, totalRecords: -1, totalBytes: -1, ordered: true };
  }

  async poll(command: Command, descriptor: FlightDescriptor, context: CallContext): Promise<PollInfo> {
    if (metadataSchema(command)) return { info: await this.info(command, descriptor, context), progress: 1 };
    const held = command.name === 'TicketStatementQuery' ? this.#ticket(command) : this.#statement(command);
    return this.statements.poll(held, descriptor, context);
  }

  async schema(command: Command, context: CallContext): Promise<Schema> {
    return metadataSchema(command) ?? this.statements.schema(this.#statement(command), context);
  }

  async *rows(command: Command, context: CallContext): AsyncGenerator<FlightMessage> {
    if (metadataSchema(command)) yield { batch: await metadataRows(command, this.handlers, this.#info, context) };
    else if (command.name === 'TicketStatementQuery') yield* this.statements.rows(this.#ticket(command), context);
    else throw new GrpcError(Status.INVALID_ARGUMENT, `a ticket can't hold ${command.name}`);
  }

  #ticket({ message }: Extract<Command, { name: 'TicketStatementQuery' }>): HeldStatement {
    return decodeHandle(message.statementHandle, this.#seal);
  }

  #statement(command: Command): HeldStatement {
    switch (command.name) {
      case 'CommandStatementQuery':
        return { sql: command.message.query, ...transactionFromWire(command.message.transactionId) };
      case 'CommandPreparedStatementQuery':
        return decodeHandle(command.message.preparedStatementHandle, this.handleSeal);
      case 'CommandStatementSubstraitPlan':
        return { plan: planFromWire(command.message.plan), ...transactionFromWire(command.message.transactionId) };
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
