// Statements that write: a querier runs them on tables of its session, and tells what is to be done; it is done here, through an acceptor.
import { encodeIpcStream, type FlightMessage } from '@signaldb/flight';
import type { FlightSqlHandlers, SqlStatement } from '@signaldb/flight-sql';
import { GrpcError, Status } from '@signaldb/grpc';
import type { RecordBatch } from 'apache-arrow';
import { type QuerierSource, runTicket, type Ticket } from '../querier-pool.ts';
import { inSteps } from './row-batches.ts';
import { writeRows } from './row-writer.ts';
import { tableActions } from './table-actions.ts';
import { acceptorOf, writeOptions } from './write-options.ts';
import type { AcceptorFor } from './writes.ts';

export interface UpdateDeps {
  readonly tenant: string;
  readonly source: QuerierSource;
  readonly acceptorFor: AcceptorFor;
}

/** What the querier says is to be done; see its README. */
interface Plan {
  readonly action: 'none' | 'drop_table' | 'insert' | 'create_table' | 'create_table_as';
  readonly table: string;
  readonly or_replace: boolean;
  readonly schema_ipc: string;
  readonly primary_key: readonly string[];
}

/**
 * Runs statements that write, each row of parameters once. Nothing is sent to the acceptor before the statement has succeeded, for all
 * rows of its parameters. Rows of up to 8 MiB are written in one step, all or none; more go in several, each once. Answers the rows
 * written, 0 for CREATE TABLE and DROP TABLE.
 */
export function updateHandler({ tenant, source, acceptorFor }: UpdateDeps): NonNullable<FlightSqlHandlers['update']> {
  return async (statement, context) => {
    const { signal } = context;
    const { durability, idempotencyKey } = writeOptions(context);
    const acceptor = acceptorOf(acceptorFor, tenant);
    const messages = runTicket(source, ticketOf(tenant, statement), { signal })[Symbol.asyncIterator]();
    try {
      const first = await messages.next();
      const plan = planOf(first.done ? undefined : first.value);
      const tables = tableActions(acceptor, tenant, { signal, key: idempotencyKey });
      const { action, table } = plan;
      if (action === 'none') return 0;
      if (action === 'drop_table') {
        if (!(await tables.drop(table))) throw new GrpcError(Status.NOT_FOUND, `there is no table ${table} any more`);
        return 0;
      }
      if (action !== 'insert') {
        const { schema_ipc: schemaIpc, primary_key: primaryKey, or_replace: orReplace } = plan;
        if (!(await tables.create({ name: table, schemaIpc, primaryKey, orReplace })))
          throw new GrpcError(Status.ALREADY_EXISTS, `there is a table ${table} already`);
        if (action === 'create_table') return 0;
      }
      const batches = inSteps(batchesOf(messages));
      // A table that can't hold the very first rows needn't have been made.
      const onNothingWritten = action === 'create_table_as' && !plan.or_replace ? () => tables.drop(table) : undefined;
      return await writeRows({
        acceptor,
        tenant,
        table,
        durability,
        idempotencyKey,
        batches,
        signal,
        onNothingWritten,
      });
    } finally {
      await messages.return?.(undefined);
    }
  };
}

function ticketOf(tenant: string, { sql, parameters }: SqlStatement): Ticket {
  return { kind: 'write', tenant, sql, ...(parameters && { parameters: parametersText(parameters) }) };
}

const parametersText = (rows: RecordBatch): string =>
  Buffer.concat(encodeIpcStream({ schema: rows.schema, batches: [rows] })).toString('base64');

function planOf(message: FlightMessage | undefined): Plan {
  if (!message?.appMetadata?.length)
    throw new GrpcError(Status.INTERNAL, 'the querier did not say what is to be written');
  return JSON.parse(Buffer.from(message.appMetadata).toString());
}

async function* batchesOf(messages: AsyncIterator<FlightMessage>): AsyncGenerator<RecordBatch> {
  for (let next = await messages.next(); !next.done; next = await messages.next())
    if (next.value.batch) yield next.value.batch;
}
