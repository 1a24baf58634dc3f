import { randomBytes } from 'node:crypto';
import {
  type CallContext,
  type FlightDescriptor,
  type FlightInfo,
  type FlightMessage,
  type PollInfo,
  recordBatchOf,
} from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import { type RecordBatch, Schema } from 'apache-arrow';
import { encodeCommand } from './command.ts';
import { concatBatches } from './concat-batches.ts';
import type { FlightSqlHandlers } from './handlers.ts';
import type { RunningQueries } from './running-queries.ts';
import type { QueryPlan, QueryResult, StatementDescription, StatementRun } from './statement.ts';
import { encodeHandle, type HeldStatement, type StatementText } from './statement-handle.ts';
import type { TicketSeal } from './ticket-seal.ts';

/** Runs statements: described by GetFlightInfo, fetched by DoGet, bound or not. */
export class Statements {
  readonly #handlers: FlightSqlHandlers;
  readonly #seal: TicketSeal;
  readonly #running: RunningQueries;

  constructor(handlers: FlightSqlHandlers, seal: TicketSeal, running: RunningQueries) {
    this.#handlers = handlers;
    this.#seal = seal;
    this.#running = running;
  }

  /** What a statement is; INVALID_ARGUMENT where it names a transaction and there are none. */
  prepare({ sql, plan, transaction }: HeldStatement, context: CallContext): Promise<StatementDescription> {
    const { substrait } = this.#handlers;
    if (transaction && !this.#handlers.transactions) {
      throw new GrpcError(Status.INVALID_ARGUMENT, 'the statement names a transaction, and there are none here');
    }
    if (sql !== undefined) return this.#handlers.prepare(sql, context, transaction);
    if (substrait) return substrait.prepare(plan!, context, transaction);
    throw new GrpcError(Status.UNIMPLEMENTED, 'Substrait plans are not served here: send SQL');
  }

  /** A statement that is no query is run here, once: some drivers never fetch its answer. */
  async info(held: HeldStatement, descriptor: FlightDescriptor, context: CallContext): Promise<FlightInfo> {
    const query = { ...held, id: held.id ?? randomBytes(12).toString('hex') };
    const { plan } = this.#handlers;
    const [run, ...others] = runsOf(query);
    if (plan && run && others.length === 0 && query.sql !== undefined && !query.transaction) {
      const planned = await plan.call(this.#handlers, { sql: query.sql, ...run }, context);
      if (planned) return infoOf(planned, descriptor);
    }
    // For a prepared statement once more: JDBC takes the types of columns from the schema in the info.
    const { schema } = await this.prepare(query, context);
    if (!schema) return { ...noRows, descriptor, totalRecords: await this.update(held, context) };
    const expirationTime = this.#seal.expirationTime?.();
    const endpoint = { ticket: this.#sealed(query), locations: [], ...(expirationTime && { expirationTime }) };
    // What was bound may change the types of the rows: only the rows themselves tell them then.
    return { ...noRows, ...(!held.parameters && { schema }), descriptor, endpoints: [endpoint] };
  }

  /** Complete at once, unless the handlers let the query run on by itself. */
  async poll(held: HeldStatement, descriptor: FlightDescriptor, context: CallContext): Promise<PollInfo> {
    const query = { ...held, id: held.id ?? randomBytes(12).toString('hex') };
    const { poll } = this.#handlers;
    const [run, ...others] = runsOf(query);
    if (poll && run && others.length === 0 && query.sql !== undefined) {
      const progress = await poll.call(this.#handlers, { sql: query.sql, ...run }, held.pollToken, context);
      if (progress) {
        const { plan, token, expirationTime } = progress;
        const next = token && { command: this.#sealed({ ...query, pollToken: token }) };
        // Names the query even where it has no endpoint yet, for CancelFlightInfo.
        const info = plan ? infoOf(plan, next ?? descriptor) : { ...noRows, descriptor: next ?? descriptor };
        return {
          info,
          ...(next && { descriptor: next }),
          ...(progress.progress !== undefined && { progress: progress.progress }),
          ...(expirationTime && { expirationTime }),
        };
      }
    }
    return { info: await this.info(query, descriptor, context), progress: 1 };
  }

  async schema(held: HeldStatement, context: CallContext): Promise<Schema> {
    return (await this.prepare(held, context)).schema ?? new Schema([]);
  }

  /** The rows, until they end or the query is cancelled. */
  rows(held: HeldStatement, context: CallContext): AsyncIterable<FlightMessage> {
    if (held.id === undefined) return this.#rows(held, context);
    return this.#running.during(held.id, context.signal, (signal) => this.#rows(held, { ...context, signal }));
  }

  /** Where several rows of parameters were bound, the results one after another. */
  async *#rows(held: HeldStatement, context: CallContext): AsyncGenerator<FlightMessage> {
    let announced: Schema | undefined;
    for (const [i, run] of runsOf(held).entries()) {
      const left = new AbortController();
      const signal = AbortSignal.any([context.signal, left.signal]);
      const { schema, batches } = await this.#query(held, run, { ...context, signal });
      // Begun before the schema is handed over: who leaves then leaves a query that is running, and so lets go of all it holds.
      const iterator = batches[Symbol.asyncIterator]();
      let next = iterator.next();
      next.catch(() => {});
      let ended = false;
      try {
        if (!announced) yield { schema };
        else if (String(schema) !== String(announced)) throw otherTypes(announced, schema, i);
        announced ??= schema;
        for (let step = await next; !step.done; step = await next) {
          yield { batch: step.value };
          next = iterator.next();
        }
        ended = true;
      } finally {
        if (!ended) {
          left.abort();
          await iterator.return?.();
        }
      }
    }
    if (!announced) yield { schema: await this.schema(held, context) };
  }

  /** Runs a statement that is no query with all rows of its parameters at once; answers the rows affected, -1 where unknown. */
  async update(held: HeldStatement, context: CallContext): Promise<number> {
    const { update, substrait } = this.#handlers;
    if (held.plan ? !substrait?.update : !update || (held.transaction && !this.#handlers.transactions)) {
      await this.prepare(held, context); // a mistake in it is the better answer
      throw new GrpcError(Status.INVALID_ARGUMENT, 'only queries can be run here');
    }
    const [first, ...others] = held.parameters ?? [];
    const bound = first && concatBatches([first, ...others]);
    if (bound?.numRows === 0) return 0;
    const { transaction } = held;
    const run = { ...(bound && { parameters: bound }), ...(transaction && { transaction }) };
    if (held.plan) return substrait!.update!({ plan: held.plan, ...run }, context);
    return update!.call(this.#handlers, { sql: held.sql, ...run }, context);
  }

  #query(text: StatementText, run: StatementRun, context: CallContext): Promise<QueryResult> {
    const { substrait } = this.#handlers;
    if (text.sql !== undefined) return this.#handlers.query({ sql: text.sql, ...run }, context);
    if (substrait) return substrait.query({ plan: text.plan, ...run }, context);
    throw new GrpcError(Status.UNIMPLEMENTED, 'Substrait plans are not served here: send SQL');
  }

  #sealed(held: HeldStatement): Uint8Array {
    const statementHandle = Buffer.from(encodeHandle(held, this.#seal));
    return encodeCommand('TicketStatementQuery', { statementHandle });
  }
}

const noRows = { endpoints: [], totalRecords: -1, totalBytes: -1, ordered: true } as const;

/** A null may have no type of its own, and clients take one schema a stream. */
function otherTypes(first: Schema, other: Schema, row: number): GrpcError {
  const at = Math.max(
    other.fields.findIndex((field, i) => String(field) !== String(first.fields[i])),
    0,
  );
  const [was, is] = [first, other].map(({ fields }) => (fields[at] ? String(fields[at]) : 'nothing'));
  return new GrpcError(
    Status.INVALID_ARGUMENT,
    `row ${row + 1} of the parameters gives ${is} where row 1 gave ${was}: say the type, as in CAST(? AS BIGINT)`,
  );
}

function infoOf(plan: QueryPlan, descriptor: FlightDescriptor): FlightInfo {
  return { totalRecords: -1, totalBytes: -1, ordered: true, ...plan, descriptor };
}

/** One run without parameters, or one for each row of them. */
function runsOf({ parameters, transaction, id }: HeldStatement): StatementRun[] {
  const run = { ...(transaction && { transaction }), ...(id !== undefined && { id }) };
  if (!parameters) return [run];
  return parameters.flatMap((batch) =>
    Array.from({ length: batch.numRows }, (_, row) => ({ ...run, parameters: rowOf(batch, row) })),
  );
}

function rowOf(batch: RecordBatch, row: number): RecordBatch {
  if (batch.numRows === 1) return batch;
  const columns = batch.data.children.map((column) => column.slice(row, 1));
  return recordBatchOf(batch.schema, columns, 1);
}
