import type {
  CallContext,
  CancelFlightStatus,
  FlightActionHandlers,
  FlightEndpoint,
  FlightInfo,
} from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import { decodeCommand, encodeCommand } from './command.ts';
import type { FlightSqlHandlers } from './handlers.ts';
import { metadataSchema } from './metadata-commands.ts';
import type { RunningQueries } from './running-queries.ts';
import { decodeHandle } from './statement-handle.ts';
import type { TicketSeal } from './ticket-seal.ts';

/** What becomes of queries after GetFlightInfo: cancelled, or good for longer. */
export class Endpoints implements Required<Pick<FlightActionHandlers, 'cancel' | 'renew'>> {
  readonly #handlers: FlightSqlHandlers;
  readonly #running: RunningQueries;
  readonly #seal: TicketSeal;

  constructor(handlers: FlightSqlHandlers, running: RunningQueries, seal: TicketSeal) {
    this.#handlers = handlers;
    this.#running = running;
    this.#seal = seal;
  }

  /**
   * Stops a query by the tickets of its endpoints or, where it has none yet, by its descriptor. What is being sent from here
   * ends with CANCELLED; the rest is the handlers' business.
   */
  async cancel(info: FlightInfo, context: CallContext): Promise<CancelFlightStatus> {
    const { id, tickets } = this.#queryOf(info);
    const stopped = id !== undefined && this.#running.cancel(id);
    if (!this.#handlers.cancel || (id === undefined && tickets.length === 0)) {
      return stopped ? 'CANCELLED' : 'NOT_CANCELLABLE';
    }
    const outcome = await this.#handlers.cancel({ ...(id !== undefined && { id }), tickets }, context);
    return stopped && outcome === 'NOT_CANCELLABLE' ? 'CANCELLED' : outcome;
  }

  /** Seals a statement's ticket anew (it has to be good still); a metadata command never ends being good. */
  async renew(endpoint: FlightEndpoint, context: CallContext): Promise<FlightEndpoint> {
    const command = decodeCommand(endpoint.ticket);
    if (command?.name === 'TicketStatementQuery') {
      const statementHandle = Buffer.from(this.#seal.seal(this.#seal.open(command.message.statementHandle)));
      const { expirationTime: _, ...rest } = endpoint;
      const expirationTime = this.#seal.expirationTime?.();
      const ticket = encodeCommand('TicketStatementQuery', { statementHandle });
      return { ...rest, ticket, ...(expirationTime && { expirationTime }) };
    }
    if (command && metadataSchema(command)) return endpoint;
    if (!command && this.#handlers.renew) return this.#handlers.renew(endpoint, context);
    throw new GrpcError(Status.INVALID_ARGUMENT, 'the endpoint has no ticket that could be renewed');
  }

  /** The id of our own tickets (or of a poll's descriptor), and the tickets that are the handlers' own. */
  #queryOf({ endpoints, descriptor }: FlightInfo): { id: string | undefined; tickets: Uint8Array[] } {
    let id: string | undefined;
    const tickets: Uint8Array[] = [];
    for (const { ticket } of endpoints) {
      const command = decodeCommand(ticket);
      if (!command) tickets.push(ticket);
      else if (command.name === 'TicketStatementQuery') {
        id ??= decodeHandle(command.message.statementHandle, this.#seal).id;
      }
    }
    const command = descriptor?.command && decodeCommand(descriptor.command);
    if (command?.name === 'TicketStatementQuery') {
      id ??= decodeHandle(command.message.statementHandle, this.#seal).id;
    }
    return { id, tickets };
  }
}
