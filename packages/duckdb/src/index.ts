export { Connection, type QueryOptions, type SyntaxTree } from './connection.ts';
export { Database, type DatabaseOptions, openDatabase } from './database.ts';
export type { StatementDescription } from './describe.ts';
export { DuckDbError, type DuckDbErrorKind, type SqlPosition } from './error.ts';
export type { Parameter, Parameters, TypedParameter } from './parameters.ts';
export type { BatchLimits, QueryResult } from './query-result.ts';
export type { DatabaseSettings } from './settings.ts';
export type { StatementType } from './statement-type.ts';
