export { announcedParameters } from './announced-parameters.ts';
export {
  createFlightSqlClient,
  type FlightSqlClient,
  type IngestTarget,
  type PreparedStatement,
  type QueryStream,
  type SqlSavepoint,
  type SqlTransaction,
  type StatementOptions,
  type StatementSource,
  type TableReference,
  type TablesFilter,
} from './client.ts';
export { type ColumnMetadata, columnMetadataKeys, columnMetadataOf, withColumnMetadata } from './column-metadata.ts';
export { concatBatches } from './concat-batches.ts';
export type { FetchSettings } from './fetch-query.ts';
export type {
  CancelledQuery,
  FlightSqlHandlers,
  SqlTransactions,
  SubstraitHandlers,
} from './handlers.ts';
export type { IngestMode, IngestRequest } from './ingest-request.ts';
export { likePattern } from './like-pattern.ts';
export type {
  ForeignKeyColumn,
  ForeignKeyRule,
  KeyColumn,
  PrimaryKeyColumn,
  SchemaEntry,
  SqlMetadata,
  TableEntry,
  TableFilter,
  TableName,
} from './metadata.ts';
export { createFlightSqlService, type FlightSqlOptions } from './service.ts';
export { fixedSessions } from './sessions.ts';
export type { SqlInfoValue } from './sql-info.ts';
export type {
  QueryPlan,
  QueryProgress,
  QueryResult,
  SqlStatement,
  StatementDescription,
  StatementRun,
  SubstraitPlan,
  SubstraitStatement,
} from './statement.ts';
export { createHmacSeal, plainSeal, type TicketSeal } from './ticket-seal.ts';
export { defaultSqlTypes, type SqlType } from './xdbc-types.ts';
