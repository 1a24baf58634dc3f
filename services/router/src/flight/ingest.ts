// Bulk ingest: a client's batches go on to an acceptor as they come, so that memory stays flat however many there are.
import type { FlightMessage } from '@signaldb/flight';
import type { FlightSqlHandlers, IngestRequest } from '@signaldb/flight-sql';
import { GrpcError, Status } from '@signaldb/grpc';
import { signalTables } from '@signaldb/otlp';
import type { RecordBatch, Schema } from 'apache-arrow';
import { catalogName } from './call-tenant.ts';
import { inPieces } from './row-batches.ts';
import { writeRows } from './row-writer.ts';
import { schemaText, type TableActions, tableActions } from './table-actions.ts';
import { acceptorOf, writeOptions } from './write-options.ts';
import type { AcceptorFor } from './writes.ts';

export interface IngestDeps {
  readonly tenant: string;
  readonly acceptorFor: AcceptorFor;
}

/**
 * Takes rows into a tenant's own table, in all modes of ADBC. Answers how many, when all are as safe as was asked for. What came before
 * an ingest breaks off is written and stays: it is no transaction.
 */
export function ingestHandler({ tenant, acceptorFor }: IngestDeps): NonNullable<FlightSqlHandlers['ingest']> {
  return async (request, messages, context) => {
    checkTarget(request, tenant);
    const { signal } = context;
    const { durability, idempotencyKey } = writeOptions(context);
    const acceptor = acceptorOf(acceptorFor, tenant);
    const input = messages[Symbol.asyncIterator]();
    try {
      const { schema, first } = await readSchema(input);
      const tables = tableActions(acceptor, tenant, { signal, key: idempotencyKey });
      const { table, isMade } = await prepareTable(request, schema, tables);
      const batches = inPieces(batchesOf(first, input));
      // A table that can't hold the very first rows needn't have been made.
      const onNothingWritten = isMade ? () => tables.drop(table) : undefined;
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
      await input.return?.();
    }
  };
}

function checkTarget({ catalog, schema, table, temporary, transaction }: IngestRequest, tenant: string): void {
  if (Object.hasOwn(signalTables, table.toLowerCase()))
    throw new GrpcError(Status.INVALID_ARGUMENT, `"${table}" is the table of a signal: its rows come through OTLP`);
  if (catalog && catalog !== catalogName)
    throw new GrpcError(
      Status.NOT_FOUND,
      `there is no catalog "${catalog}": the one that there is is "${catalogName}"`,
    );
  if (schema && schema !== tenant)
    throw new GrpcError(Status.PERMISSION_DENIED, `the schema "${schema}" can't be written: yours is "${tenant}"`);
  if (temporary)
    throw new GrpcError(
      Status.UNIMPLEMENTED,
      'there are no temporary tables, as no session lasts: ingest into a table and drop it',
    );
  if (transaction) throw new GrpcError(Status.UNIMPLEMENTED, 'there are no transactions: an ingest stands for itself');
}

/** Makes the table what the mode says; answers its name, and whether there was none before. */
async function prepareTable(
  request: IngestRequest,
  schema: Schema | undefined,
  tables: TableActions,
): Promise<{ readonly table: string; readonly isMade: boolean }> {
  const { table, ifMissing, ifExists } = request;
  // One that is to be made anew needn't be looked for: the acceptor knows, also whether this very ingest made it.
  const found = ifExists === 'append' || ifMissing === 'fail' ? await tables.find(table) : undefined;
  if (found !== undefined && ifExists === 'append') return { table: found, isMade: false };
  if (found === undefined && ifMissing === 'fail')
    throw new GrpcError(Status.NOT_FOUND, `there is no table "${table}"; the mode create makes it`);
  if (schema === undefined)
    throw new GrpcError(Status.INVALID_ARGUMENT, `no columns were sent, of which the table "${table}" could be made`);
  const orReplace = ifExists === 'replace';
  if (await tables.create({ name: table, schemaIpc: schemaText(schema), primaryKey: [], orReplace }))
    return { table, isMade: !orReplace };
  // Somebody else may have made it meanwhile.
  const made = await tables.find(table);
  if (made !== undefined && ifExists === 'append') return { table: made, isMade: false };
  throw new GrpcError(
    Status.ALREADY_EXISTS,
    `there is a table "${made ?? table}" already; the mode append adds to it, replace takes its place`,
  );
}

/** The client's schema, which comes before its rows; absent where the client has none. */
async function readSchema(
  input: AsyncIterator<FlightMessage>,
): Promise<{ readonly schema: Schema | undefined; readonly first: RecordBatch | undefined }> {
  for (let next = await input.next(); !next.done; next = await input.next()) {
    const { schema, batch } = next.value;
    if (schema || batch) return { schema: schema ?? batch!.schema, first: batch };
  }
  return { schema: undefined, first: undefined };
}

async function* batchesOf(
  first: RecordBatch | undefined,
  input: AsyncIterator<FlightMessage>,
): AsyncGenerator<RecordBatch> {
  if (first) yield first;
  for (let next = await input.next(); !next.done; next = await input.next())
    if (next.value.batch) yield next.value.batch;
}
