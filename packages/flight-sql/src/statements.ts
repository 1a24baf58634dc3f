import {
  type CallContext,
  type FlightDescriptor,
  type FlightInfo,
  type FlightMessage,
  recordBatchOf,
} from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import { type RecordBatch, Schema } from 'apache-arrow';
import { encodeCommand } from './command.ts';
import { concatBatches } from './concat-batches.ts';
import type { FlightSqlHandlers, SqlStatement } from './handlers.ts';
import { encodeHandle, type HeldStatement } from './statement-handle.ts';
import type { TicketSeal } from './ticket-seal.ts';

/** Runs statements: described by GetFlightInfo, fetched by DoGet, bound or not. */
export class Statements {
  readonly #handlers: FlightSqlHandlers;
  readonly #seal: TicketSeal;

  constructor(handlers: FlightSqlHandlers, seal: TicketSeal) {
    this.#handlers = handlers;
    this.#seal = seal;
  }

  /** A statement that is no query is run here, once: some drivers never fetch its answer. */
  async info(held: HeldStatement, descriptor: FlightDescriptor, context: CallContext): Promise<FlightInfo> {
    const runs = runsOf(held);
    const plan = runs.length === 1 ? await this.#handlers.plan?.(runs[0]!, context) : undefined;
    if (plan) return { totalRecords: -1, totalBytes: -1, ordered: true, ...plan, descriptor };
    const { schema } = await this.#handlers.prepare(held.sql, context);
    if (!schema) return { ...noRows, descriptor, totalRecords: await this.update(held, context) };
    const ticket = encodeCommand('TicketStatementQuery', {
      statementHandle: Buffer.from(encodeHandle(held, this.#seal)),
    });
    const expirationTime = this.#seal.expirationTime?.();
    const endpoint = { ticket, locations: [], ...(expirationTime && { expirationTime }) };
    // What was bound may change the types of the rows: only the rows themselves tell them then.
    return { ...noRows, ...(!held.parameters && { schema }), descriptor, endpoints: [endpoint] };
  }

  async schema(sql: string, context: CallContext): Promise<Schema> {
    return (await this.#handlers.prepare(sql, context)).schema ?? new Schema([]);
  }

  /** The rows; where several rows of parameters were bound, the results one after another. */
  async *rows(held: HeldStatement, context: CallContext): AsyncGenerator<FlightMessage> {
    let announced = false;
    for (const statement of runsOf(held)) {
      const { schema, batches } = await this.#handlers.query(statement, context);
      if (!announced) yield { schema };
      announced = true;
      for await (const batch of batches) yield { batch };
    }
    if (!announced) yield { schema: await this.schema(held.sql, context) };
  }

  /** Runs a statement that is no query with all rows of its parameters at once; answers the rows affected, -1 where unknown. */
  async update(held: HeldStatement, context: CallContext): Promise<number> {
    const { update } = this.#handlers;
    if (!update) {
      await this.#handlers.prepare(held.sql, context); // a mistake in it is the better answer
      throw new GrpcError(Status.INVALID_ARGUMENT, 'only queries can be run here');
    }
    const { sql, parameters } = held;
    const [first, ...others] = parameters ?? [];
    if (!first) return update.call(this.#handlers, { sql }, context);
    const bound = concatBatches([first, ...others]);
    return bound.numRows === 0 ? 0 : update.call(this.#handlers, { sql, parameters: bound }, context);
  }
}

const noRows = { endpoints: [], totalRecords: -1, totalBytes: -1, ordered: true } as const;

/** One run without parameters, or one for each row of them. */
function runsOf({ sql, parameters }: HeldStatement): SqlStatement[] {
  if (!parameters) return [{ sql }];
  return parameters.flatMap((batch) =>
    Array.from({ length: batch.numRows }, (_, row) => ({ sql, parameters: rowOf(batch, row) })),
  );
}

function rowOf(batch: RecordBatch, row: number): RecordBatch {
  if (batch.numRows === 1) return batch;
  const columns = batch.data.children.map((column) => column.slice(row, 1));
  return recordBatchOf(batch.schema, columns, 1);
}
