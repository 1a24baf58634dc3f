import { GrpcError, Status } from '@signaldb/grpc';
import {
  CommandStatementIngest_TableDefinitionOptions_TableExistsOption as Exists,
  CommandStatementIngest_TableDefinitionOptions_TableNotExistOption as Missing,
} from '@signaldb/proto/arrow/flight/protocol/sql/flight_sql';
import type { CommandMessage } from './command.ts';

/** Where rows shall go, and what becomes of the table. */
export interface IngestRequest {
  readonly catalog?: string;
  readonly schema?: string;
  readonly table: string;
  /** The table is the session's own and goes with it. */
  readonly temporary: boolean;
  /** What to do where the table isn't there: `fail` is NOT_FOUND. */
  readonly ifMissing: 'create' | 'fail';
  /** What to do where it is there: `fail` is ALREADY_EXISTS. */
  readonly ifExists: 'append' | 'replace' | 'fail';
  readonly transaction?: Uint8Array;
  /** The server's own. */
  readonly options: Readonly<Record<string, string>>;
}

/** ADBC's names for the usual pairs. */
export type IngestMode = 'create' | 'append' | 'replace' | 'create_append';

const modes = {
  create: { ifMissing: 'create', ifExists: 'fail' },
  append: { ifMissing: 'fail', ifExists: 'append' },
  replace: { ifMissing: 'create', ifExists: 'replace' },
  create_append: { ifMissing: 'create', ifExists: 'append' },
} as const satisfies Record<IngestMode, Pick<IngestRequest, 'ifMissing' | 'ifExists'>>;

const missing = new Map([
  [Missing.TABLE_NOT_EXIST_OPTION_CREATE, 'create'],
  [Missing.TABLE_NOT_EXIST_OPTION_FAIL, 'fail'],
] as const);
const exists = new Map([
  [Exists.TABLE_EXISTS_OPTION_FAIL, 'fail'],
  [Exists.TABLE_EXISTS_OPTION_APPEND, 'append'],
  [Exists.TABLE_EXISTS_OPTION_REPLACE, 'replace'],
] as const);

type Wire = CommandMessage<'CommandStatementIngest'>;

/** Throws GrpcError INVALID_ARGUMENT where a name or an option is missing: the protocol has no defaults. */
export function ingestFromWire(command: Wire): IngestRequest {
  const { catalog, schema, table, temporary, transactionId, options } = command;
  if (table === '') throw new GrpcError(Status.INVALID_ARGUMENT, 'the ingest names no table');
  const ifMissing = missing.get(command.tableDefinitionOptions?.ifNotExist as never);
  const ifExists = exists.get(command.tableDefinitionOptions?.ifExists as never);
  if (!ifMissing || !ifExists) {
    const option = ifMissing ? 'if_exists (FAIL, APPEND or REPLACE)' : 'if_not_exist (CREATE or FAIL)';
    throw new GrpcError(Status.INVALID_ARGUMENT, `the ingest's table_definition_options lack ${option}`);
  }
  return {
    ...(catalog !== undefined && { catalog }),
    ...(schema !== undefined && { schema }),
    table,
    temporary,
    ifMissing,
    ifExists,
    ...(transactionId?.length && { transaction: transactionId }),
    options,
  };
}

/** The command of an ingest in one of ADBC's modes. */
export function ingestToWire(request: Omit<IngestRequest, 'ifMissing' | 'ifExists'>, mode: IngestMode): Wire {
  const { ifMissing, ifExists } = modes[mode];
  return {
    table: request.table,
    catalog: request.catalog,
    schema: request.schema,
    temporary: request.temporary,
    transactionId: request.transaction && Buffer.from(request.transaction),
    options: { ...request.options },
    tableDefinitionOptions: {
      ifNotExist: ifMissing === 'create' ? Missing.TABLE_NOT_EXIST_OPTION_CREATE : Missing.TABLE_NOT_EXIST_OPTION_FAIL,
      ifExists: {
        fail: Exists.TABLE_EXISTS_OPTION_FAIL,
        append: Exists.TABLE_EXISTS_OPTION_APPEND,
        replace: Exists.TABLE_EXISTS_OPTION_REPLACE,
      }[ifExists],
    },
  };
}
