import {
  type CallOptions,
  type CancelFlightStatus,
  cancelFlightInfo,
  closeSession,
  type FlightClient,
  type FlightInfo,
  type FlightMessage,
  fetchEndpoints,
  getSessionOptions,
  type PollInfo,
  pollFlight,
  type SessionError,
  type SessionValue,
  setSessionOptions,
} from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import { DoPutUpdateResult } from '@signaldb/proto/arrow/flight/protocol/sql/flight_sql';
import type { RecordBatch, Schema } from 'apache-arrow';
import type {
  FlightSqlClient,
  IngestTarget,
  PreparedStatement,
  QueryStream,
  SqlTransaction,
  StatementOptions,
  StatementSource,
  TableReference,
  TablesFilter,
} from './client.ts';
import { type CommandMessage, type CommandName, encodeCommand } from './command.ts';
import { type FetchSettings, fetchOptions, fetchQuery, readQuery } from './fetch-query.ts';
import { ingestToWire } from './ingest-request.ts';
import { prepareStatement } from './prepare-statement.ts';
import { beginTransaction } from './transaction-client.ts';

/** The one implementation of `FlightSqlClient`. */
export class SqlClient implements FlightSqlClient {
  readonly #client: FlightClient;
  readonly #settings: FetchSettings;

  constructor(client: FlightClient, settings: FetchSettings) {
    this.#client = client;
    this.#settings = settings;
  }

  query(statement: StatementSource, options: StatementOptions = {}): Promise<QueryStream> {
    return this.#fetch(queryCommand(statement, options), options);
  }

  async queryPolled(
    statement: StatementSource,
    options: StatementOptions & { readonly onProgress?: (progress: number | undefined) => void } = {},
  ): Promise<QueryStream> {
    const noInfo: FlightInfo = { endpoints: [], totalRecords: -1, totalBytes: -1, ordered: true };
    let info = noInfo;
    const fetching = fetchOptions(this.#settings, options);
    const onPoll = (poll: PollInfo) => {
      info = poll.info ?? info;
      options.onProgress?.(poll.progress);
    };
    const { metadata, signal, timeoutMs } = fetching;
    const endpoints = pollFlight(
      this.#client,
      { command: queryCommand(statement, options) },
      { onPoll, ...(metadata && { metadata }), ...(signal && { signal }), ...(timeoutMs && { timeoutMs }) },
    );
    return readQuery(fetchEndpoints(this.#client, endpoints, { ...fetching, ordered: true }), () => info);
  }

  getSchema(statement: StatementSource, options: StatementOptions = {}): Promise<Schema> {
    return this.#client.getSchema({ command: queryCommand(statement, options) }, options);
  }

  update(statement: StatementSource, options: StatementOptions = {}): Promise<number> {
    const transactionId = transactionIdOf(options);
    const command =
      typeof statement === 'string'
        ? encodeCommand('CommandStatementUpdate', { query: statement, transactionId })
        : queryCommand(statement, options);
    return this.#put(only({ descriptor: { command } }), options);
  }

  prepare(statement: StatementSource, options: StatementOptions = {}): Promise<PreparedStatement> {
    const transactionId = transactionIdOf(options);
    const [type, body] =
      typeof statement === 'string'
        ? ([
            'CreatePreparedStatement',
            encodeCommand('ActionCreatePreparedStatementRequest', { query: statement, transactionId }),
          ] as const)
        : ([
            'CreatePreparedSubstraitPlan',
            encodeCommand('ActionCreatePreparedSubstraitPlanRequest', { plan: planToWire(statement), transactionId }),
          ] as const);
    return prepareStatement(this.#client, this.#settings, { type, body }, options);
  }

  ingest(
    target: IngestTarget,
    schema: Schema,
    batches: Iterable<RecordBatch> | AsyncIterable<RecordBatch>,
    options: StatementOptions = {},
  ): Promise<number> {
    const { mode, temporary = false, options: own = {}, ...table } = target;
    const transaction = options.transaction && { transaction: options.transaction.id };
    const request = ingestToWire({ ...table, temporary, options: own, ...transaction }, mode);
    const command = encodeCommand('CommandStatementIngest', request);
    async function* messages(): AsyncGenerator<FlightMessage> {
      yield { descriptor: { command }, schema };
      for await (const batch of batches) yield { batch };
    }
    return this.#put(messages(), options);
  }

  begin(options?: CallOptions): Promise<SqlTransaction> {
    return beginTransaction(this.#client, options);
  }

  cancel(info: FlightInfo, options?: CallOptions): Promise<CancelFlightStatus> {
    return cancelFlightInfo(this.#client, info, options);
  }

  getCatalogs(options?: CallOptions): Promise<QueryStream> {
    return this.#rows('CommandGetCatalogs', {}, options);
  }

  getDbSchemas(filter: { catalog?: string; schemaPattern?: string } = {}, options?: CallOptions): Promise<QueryStream> {
    const command = { catalog: filter.catalog, dbSchemaFilterPattern: filter.schemaPattern };
    return this.#rows('CommandGetDbSchemas', command, options);
  }

  getTables(filter: TablesFilter = {}, options?: CallOptions): Promise<QueryStream> {
    const command = {
      catalog: filter.catalog,
      dbSchemaFilterPattern: filter.schemaPattern,
      tableNameFilterPattern: filter.tablePattern,
      tableTypes: [...(filter.types ?? [])],
      includeSchema: filter.includeSchema ?? false,
    };
    return this.#rows('CommandGetTables', command, options);
  }

  getTableTypes(options?: CallOptions): Promise<QueryStream> {
    return this.#rows('CommandGetTableTypes', {}, options);
  }

  getPrimaryKeys(table: TableReference, options?: CallOptions): Promise<QueryStream> {
    return this.#rows('CommandGetPrimaryKeys', tableToWire(table), options);
  }

  getExportedKeys(table: TableReference, options?: CallOptions): Promise<QueryStream> {
    return this.#rows('CommandGetExportedKeys', tableToWire(table), options);
  }

  getImportedKeys(table: TableReference, options?: CallOptions): Promise<QueryStream> {
    return this.#rows('CommandGetImportedKeys', tableToWire(table), options);
  }

  getCrossReference(
    { primary, foreign }: { readonly primary: TableReference; readonly foreign: TableReference },
    options?: CallOptions,
  ): Promise<QueryStream> {
    const command = {
      pkCatalog: primary.catalog,
      pkDbSchema: primary.schema,
      pkTable: primary.table,
      fkCatalog: foreign.catalog,
      fkDbSchema: foreign.schema,
      fkTable: foreign.table,
    };
    return this.#rows('CommandGetCrossReference', command, options);
  }

  getXdbcTypeInfo(dataType?: number, options?: CallOptions): Promise<QueryStream> {
    return this.#rows('CommandGetXdbcTypeInfo', { dataType }, options);
  }

  getSqlInfo(ids: readonly number[] = [], options?: CallOptions): Promise<QueryStream> {
    return this.#rows('CommandGetSqlInfo', { info: [...ids] }, options);
  }

  getSessionOptions(options?: CallOptions): Promise<Readonly<Record<string, SessionValue>>> {
    return getSessionOptions(this.#client, options);
  }

  setSessionOptions(
    values: Readonly<Record<string, SessionValue>>,
    options?: CallOptions,
  ): Promise<Readonly<Record<string, SessionError>>> {
    return setSessionOptions(this.#client, values, options);
  }

  async closeSession(options?: CallOptions): Promise<void> {
    await closeSession(this.#client, options);
  }

  #rows<N extends CommandName>(
    name: N,
    message: CommandMessage<N>,
    options: CallOptions | undefined,
  ): Promise<QueryStream> {
    return this.#fetch(encodeCommand(name, message), options);
  }

  async #fetch(command: Uint8Array, options: CallOptions | undefined): Promise<QueryStream> {
    const info = await this.#client.getFlightInfo({ command }, options);
    return fetchQuery(this.#client, this.#settings, info, options);
  }

  async #put(messages: AsyncIterable<FlightMessage>, options: CallOptions): Promise<number> {
    for await (const result of this.#client.doPut(messages, options)) {
      return Number(DoPutUpdateResult.decode(result).recordCount);
    }
    throw new GrpcError(Status.INTERNAL, 'the server answered nothing');
  }
}

function queryCommand(statement: StatementSource, options: StatementOptions): Uint8Array {
  const transactionId = transactionIdOf(options);
  return typeof statement === 'string'
    ? encodeCommand('CommandStatementQuery', { query: statement, transactionId })
    : encodeCommand('CommandStatementSubstraitPlan', { plan: planToWire(statement), transactionId });
}

function planToWire({ bytes, version }: Exclude<StatementSource, string>) {
  return { plan: Buffer.from(bytes), version };
}

function tableToWire({ catalog, schema, table }: TableReference) {
  return { catalog, dbSchema: schema, table };
}

function transactionIdOf({ transaction }: StatementOptions): Buffer | undefined {
  return transaction && Buffer.from(transaction.id);
}

async function* only(message: FlightMessage): AsyncGenerator<FlightMessage> {
  yield message;
}
