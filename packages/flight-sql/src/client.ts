import {
  type CallOptions,
  decodeSchemaBytes,
  type FlightClient,
  type FlightInfo,
  type FlightMessage,
} from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import { DoPutPreparedStatementResult, DoPutUpdateResult } from '@signaldb/proto/arrow/flight/protocol/sql/flight_sql';
import type { RecordBatch, Schema } from 'apache-arrow';
import { type CommandMessage, type CommandName, decodeAs, encodeCommand } from './command.ts';

/** The rows of a query: the schema is known before the first batch comes. */
export interface QueryStream extends AsyncIterable<RecordBatch> {
  readonly schema: Schema;
}

export interface PreparedStatement {
  /** Of its rows; absent where it is no query. */
  readonly schema: Schema | undefined;
  /** One field for each parameter. */
  readonly parameters: Schema | undefined;
  /** Runs the query, once for each row of the parameters. */
  query(parameters?: RecordBatch, options?: CallOptions): Promise<QueryStream>;
  /** Runs a statement that is no query; gives the rows affected, -1 where unknown. */
  update(parameters?: RecordBatch, options?: CallOptions): Promise<number>;
  close(options?: CallOptions): Promise<void>;
}

export interface TablesFilter {
  readonly catalog?: string;
  /** Patterns are those of LIKE. */
  readonly schemaPattern?: string;
  readonly tablePattern?: string;
  readonly types?: readonly string[];
  /** Adds the column `table_schema`: for `decodeSchemaBytes`. */
  readonly includeSchema?: boolean;
}

/** Speaks Flight SQL to any server of it. What fails, fails with GrpcError. */
export interface FlightSqlClient {
  query(sql: string, options?: CallOptions): Promise<QueryStream>;
  update(sql: string, options?: CallOptions): Promise<number>;
  prepare(sql: string, options?: CallOptions): Promise<PreparedStatement>;
  getCatalogs(options?: CallOptions): Promise<QueryStream>;
  getDbSchemas(filter?: { catalog?: string; schemaPattern?: string }, options?: CallOptions): Promise<QueryStream>;
  getTables(filter?: TablesFilter, options?: CallOptions): Promise<QueryStream>;
  getTableTypes(options?: CallOptions): Promise<QueryStream>;
  getPrimaryKeys(
    table: { catalog?: string; schema?: string; table: string },
    options?: CallOptions,
  ): Promise<QueryStream>;
  /** All of it where no id is given. */
  getSqlInfo(ids?: readonly number[], options?: CallOptions): Promise<QueryStream>;
}

/** Opens the client that an endpoint's location asks for; it is closed by whoever opened it. */
export type OpenLocation = (location: string) => FlightClient;

/**
 * A Flight SQL client over a Flight client, which stays its caller's to close. Endpoints are fetched one after another;
 * those at other locations through `open`.
 */
export function createFlightSqlClient(
  client: FlightClient,
  options: { readonly open?: OpenLocation } = {},
): FlightSqlClient {
  return new SqlClient(client, options.open);
}

class SqlClient implements FlightSqlClient {
  readonly #client: FlightClient;
  readonly #open: OpenLocation | undefined;

  constructor(client: FlightClient, open: OpenLocation | undefined) {
    this.#client = client;
    this.#open = open;
  }

  query(sql: string, options?: CallOptions): Promise<QueryStream> {
    return this.#rows('CommandStatementQuery', { query: sql, transactionId: undefined }, options);
  }

  update(sql: string, options?: CallOptions): Promise<number> {
    const command = encodeCommand('CommandStatementUpdate', { query: sql, transactionId: undefined });
    return this.#update(command, undefined, options);
  }

  async prepare(sql: string, options?: CallOptions): Promise<PreparedStatement> {
    const body = encodeCommand('ActionCreatePreparedStatementRequest', { query: sql, transactionId: undefined });
    const results = this.#client.doAction({ type: 'CreatePreparedStatement', body }, options);
    const answer = decodeAs('ActionCreatePreparedStatementResult', await onlyItem(results));
    const schemaOf = (bytes: Uint8Array) => (bytes.length > 0 ? decodeSchemaBytes(bytes) : undefined);
    const preparedStatementHandle = answer.preparedStatementHandle;
    return {
      schema: schemaOf(answer.datasetSchema),
      parameters: schemaOf(answer.parameterSchema),
      query: async (parameters, callOptions) => {
        const bound = parameters
          ? await this.#bind(preparedStatementHandle, parameters, callOptions)
          : preparedStatementHandle;
        return this.#rows('CommandPreparedStatementQuery', { preparedStatementHandle: bound }, callOptions);
      },
      update: (parameters, callOptions) => {
        const command = encodeCommand('CommandPreparedStatementUpdate', { preparedStatementHandle });
        return this.#update(command, parameters, callOptions);
      },
      close: async (callOptions) => {
        const request = encodeCommand('ActionClosePreparedStatementRequest', { preparedStatementHandle });
        for await (const _ of this.#client.doAction({ type: 'ClosePreparedStatement', body: request }, callOptions));
      },
    };
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

  getPrimaryKeys(
    { catalog, schema, table }: { catalog?: string; schema?: string; table: string },
    options?: CallOptions,
  ): Promise<QueryStream> {
    return this.#rows('CommandGetPrimaryKeys', { catalog, dbSchema: schema, table }, options);
  }

  getSqlInfo(ids: readonly number[] = [], options?: CallOptions): Promise<QueryStream> {
    return this.#rows('CommandGetSqlInfo', { info: [...ids] }, options);
  }

  async #rows<N extends CommandName>(
    name: N,
    message: CommandMessage<N>,
    options: CallOptions | undefined,
  ): Promise<QueryStream> {
    const info = await this.#client.getFlightInfo({ command: encodeCommand(name, message) }, options);
    const messages = this.#fetch(info, options);
    const { schema } = info;
    if (schema) return Object.assign(batchesOf(messages), { schema });
    for (;;) {
      const { done, value } = await messages.next();
      if (done) throw new GrpcError(Status.INTERNAL, 'the server told no schema');
      if (value.schema) return Object.assign(batchesOf(messages), { schema: value.schema });
    }
  }

  async *#fetch(info: FlightInfo, options: CallOptions | undefined): AsyncGenerator<FlightMessage> {
    for (const { ticket, locations } of info.endpoints) yield* this.#clientFor(locations).doGet(ticket, options);
  }

  #clientFor(locations: readonly string[]): FlightClient {
    const here = locations.length === 0 || locations.some((uri) => isHere(uri, this.#client.location));
    if (here || !this.#open) return this.#client;
    return this.#open(locations[0]!);
  }

  async #bind(handle: Buffer, parameters: RecordBatch, options: CallOptions | undefined): Promise<Buffer> {
    const command = encodeCommand('CommandPreparedStatementQuery', { preparedStatementHandle: handle });
    const results = this.#client.doPut(messages(command, parameters), options);
    for await (const result of results) {
      return DoPutPreparedStatementResult.decode(result).preparedStatementHandle ?? handle;
    }
    return handle;
  }

  async #update(
    command: Uint8Array,
    parameters: RecordBatch | undefined,
    options: CallOptions | undefined,
  ): Promise<number> {
    const result = await onlyItem(this.#client.doPut(messages(command, parameters), options));
    return Number(DoPutUpdateResult.decode(result).recordCount);
  }
}

async function* messages(command: Uint8Array, batch: RecordBatch | undefined) {
  yield batch ? { descriptor: { command }, batch } : { descriptor: { command } };
}

async function* batchesOf(stream: AsyncIterable<FlightMessage>): AsyncGenerator<RecordBatch> {
  for await (const { batch } of stream) if (batch) yield batch;
}

async function onlyItem<T>(items: AsyncIterable<T>): Promise<T> {
  for await (const item of items) return item;
  throw new GrpcError(Status.INTERNAL, 'the server answered nothing');
}

function isHere(uri: string, location: string): boolean {
  return uri === location || uri.startsWith('arrow-flight-reuse-connection:');
}
