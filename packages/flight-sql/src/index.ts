export {
  createFlightSqlClient,
  type FlightSqlClient,
  type OpenLocation,
  type PreparedStatement,
  type QueryStream,
  type TablesFilter,
} from './client.ts';
export type {
  FlightSqlHandlers,
  PrimaryKeyColumn,
  QueryPlan,
  QueryResult,
  SchemaEntry,
  SessionError,
  SessionValue,
  SqlMetadata,
  SqlSessions,
  SqlStatement,
  StatementDescription,
  TableEntry,
  TableFilter,
} from './handlers.ts';
export { likePattern } from './like-pattern.ts';
export { createFlightSqlService, type FlightSqlOptions } from './service.ts';
export { fixedSessions } from './sessions.ts';
export type { SqlInfoValue } from './sql-info.ts';
export { createHmacSeal, plainSeal, type TicketSeal } from './ticket-seal.ts';
export { defaultSqlTypes, type SqlType } from './xdbc-types.ts';
