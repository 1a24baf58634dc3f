import {
  SqlInfo,
  SqlNullOrdering,
  SqlOuterJoinsSupportLevel,
  SqlSupportedCaseSensitivity,
  SqlSupportedResultSetConcurrency,
  SqlSupportedResultSetType,
  SqlSupportedTransaction,
  SqlTransactionIsolationLevel,
} from '@signaldb/proto/arrow/flight/protocol/sql/flight_sql';
import type { FlightSqlHandlers } from './handlers.ts';
import type { SqlInfoValue } from './sql-info.ts';
import { hasSavepoints } from './transaction-actions.ts';

type Entries = readonly (readonly [id: number, value: SqlInfoValue])[];

const text = (value: string): SqlInfoValue => ({ text: value });
const bool = (value: boolean): SqlInfoValue => ({ bool: value });
const int32 = (value: number): SqlInfoValue => ({ int32: value });
const texts = (...value: string[]): SqlInfoValue => ({ texts: value });
/** A mask of the enum's values. */
const mask = (...values: number[]): SqlInfoValue => int32(values.reduce((bits, value) => bits | (1 << value), 0));

/**
 * Answers to every id that the Flight SQL JDBC driver asks for (a missing one makes its getters throw), true for a server
 * of these handlers whose SQL is that of a modern analytical engine. An embedder overrides what is different.
 */
export function defaultSqlInfo(
  handlers: FlightSqlHandlers,
  server: ServerName = { name: '@signaldb/flight-sql', version: '0.1.0' },
): Record<number, SqlInfoValue> {
  return Object.fromEntries([
    // No limit that is known.
    ...range(SqlInfo.SQL_MAX_BINARY_LITERAL_LENGTH, SqlInfo.SQL_MAX_USERNAME_LENGTH).map((id) => [id, { int64: 0n }]),
    ...serverInfo(handlers, server),
    ...names(),
    ...syntax(handlers),
    ...transactionInfo(handlers),
    ...resultSets(),
  ]) as Record<number, SqlInfoValue>;
}

/** Of apache-arrow, which makes and reads the arrays. */
export const arrowVersion = '21.2.0';

interface ServerName {
  readonly name: string;
  readonly version: string;
}

function serverInfo(handlers: FlightSqlHandlers, { name, version }: ServerName): Entries {
  const { update, ingest, transactions, substrait } = handlers;
  const versions = substrait?.versions;
  return [
    [SqlInfo.FLIGHT_SQL_SERVER_NAME, text(name)],
    [SqlInfo.FLIGHT_SQL_SERVER_VERSION, text(version)],
    [SqlInfo.FLIGHT_SQL_SERVER_ARROW_VERSION, text(arrowVersion)],
    [SqlInfo.FLIGHT_SQL_SERVER_READ_ONLY, bool(!update && !ingest)],
    [SqlInfo.FLIGHT_SQL_SERVER_SQL, bool(true)],
    [SqlInfo.FLIGHT_SQL_SERVER_SUBSTRAIT, bool(substrait !== undefined)],
    ...(versions
      ? ([
          [SqlInfo.FLIGHT_SQL_SERVER_SUBSTRAIT_MIN_VERSION, text(versions.minimum)],
          [SqlInfo.FLIGHT_SQL_SERVER_SUBSTRAIT_MAX_VERSION, text(versions.maximum)],
        ] as const)
      : []),
    [SqlInfo.FLIGHT_SQL_SERVER_TRANSACTION, int32(transactionSupport(handlers))],
    [SqlInfo.FLIGHT_SQL_SERVER_CANCEL, bool(true)],
    [SqlInfo.FLIGHT_SQL_SERVER_BULK_INGESTION, bool(ingest !== undefined)],
    [SqlInfo.FLIGHT_SQL_SERVER_INGEST_TRANSACTIONS_SUPPORTED, bool(ingest !== undefined && transactions !== undefined)],
    [SqlInfo.FLIGHT_SQL_SERVER_STATEMENT_TIMEOUT, int32(0)],
    [SqlInfo.FLIGHT_SQL_SERVER_TRANSACTION_TIMEOUT, int32(0)],
    [SqlInfo.SQL_DDL_CATALOG, bool(false)],
    [SqlInfo.SQL_DDL_SCHEMA, bool(false)],
    [SqlInfo.SQL_DDL_TABLE, bool(handlers.update !== undefined)],
    [SqlInfo.SQL_ALL_TABLES_ARE_SELECTABLE, bool(true)],
  ];
}

function names(): Entries {
  const insensitive = int32(SqlSupportedCaseSensitivity.SQL_CASE_SENSITIVITY_CASE_INSENSITIVE);
  return [
    [SqlInfo.SQL_IDENTIFIER_CASE, insensitive],
    [SqlInfo.SQL_IDENTIFIER_QUOTE_CHAR, text('"')],
    [SqlInfo.SQL_QUOTED_IDENTIFIER_CASE, insensitive],
    [
      SqlInfo.SQL_KEYWORDS,
      texts('ANTI', 'ASOF', 'DESCRIBE', 'EXCLUDE', 'ILIKE', 'MACRO', 'PIVOT', 'QUALIFY', 'SEMI', 'UNPIVOT'),
    ],
    [
      SqlInfo.SQL_NUMERIC_FUNCTIONS,
      texts('ABS', 'CEIL', 'EXP', 'FLOOR', 'LN', 'LOG', 'LOG10', 'MOD', 'PI', 'POWER', 'ROUND', 'SIGN', 'SQRT'),
    ],
    [
      SqlInfo.SQL_STRING_FUNCTIONS,
      texts(
        'ASCII',
        'CHR',
        'CONCAT',
        'LENGTH',
        'LOWER',
        'LTRIM',
        'REPEAT',
        'REPLACE',
        'RTRIM',
        'SUBSTRING',
        'TRIM',
        'UPPER',
      ),
    ],
    [SqlInfo.SQL_SYSTEM_FUNCTIONS, texts('COALESCE', 'IFNULL', 'NULLIF')],
    [
      SqlInfo.SQL_DATETIME_FUNCTIONS,
      texts('DATE_DIFF', 'DATE_PART', 'DATE_TRUNC', 'EPOCH_NS', 'NOW', 'STRFTIME', 'TIME_BUCKET', 'TO_TIMESTAMP'),
    ],
    [SqlInfo.SQL_SEARCH_STRING_ESCAPE, text('\\')],
    [SqlInfo.SQL_EXTRA_NAME_CHARACTERS, text('')],
    [SqlInfo.SQL_SCHEMA_TERM, text('schema')],
    [SqlInfo.SQL_PROCEDURE_TERM, text('procedure')],
    [SqlInfo.SQL_CATALOG_TERM, text('catalog')],
    [SqlInfo.SQL_CATALOG_AT_START, bool(true)],
  ];
}

function syntax({ metadata }: FlightSqlHandlers): Entries {
  return [
    [SqlInfo.SQL_NULL_ORDERING, int32(SqlNullOrdering.SQL_NULLS_SORTED_AT_END)],
    [SqlInfo.SQL_SUPPORTS_COLUMN_ALIASING, bool(true)],
    [SqlInfo.SQL_NULL_PLUS_NULL_IS_NULL, bool(true)],
    [SqlInfo.SQL_SUPPORTS_CONVERT, { map: conversions }],
    [SqlInfo.SQL_SUPPORTS_TABLE_CORRELATION_NAMES, bool(true)],
    [SqlInfo.SQL_SUPPORTS_DIFFERENT_TABLE_CORRELATION_NAMES, bool(false)],
    [SqlInfo.SQL_SUPPORTS_EXPRESSIONS_IN_ORDER_BY, bool(true)],
    [SqlInfo.SQL_SUPPORTS_ORDER_BY_UNRELATED, bool(true)],
    [SqlInfo.SQL_SUPPORTED_GROUP_BY, mask(0, 1)],
    [SqlInfo.SQL_SUPPORTS_LIKE_ESCAPE_CLAUSE, bool(true)],
    [SqlInfo.SQL_SUPPORTS_NON_NULLABLE_COLUMNS, bool(true)],
    [SqlInfo.SQL_SUPPORTED_GRAMMAR, mask(0, 1)],
    [SqlInfo.SQL_ANSI92_SUPPORTED_LEVEL, mask(0)],
    [SqlInfo.SQL_SUPPORTS_INTEGRITY_ENHANCEMENT_FACILITY, bool(metadata.foreignKeys !== undefined)],
    [SqlInfo.SQL_OUTER_JOINS_SUPPORT_LEVEL, int32(SqlOuterJoinsSupportLevel.SQL_FULL_OUTER_JOINS)],
    [SqlInfo.SQL_SCHEMAS_SUPPORTED_ACTIONS, int32(0)],
    [SqlInfo.SQL_CATALOGS_SUPPORTED_ACTIONS, int32(0)],
    [SqlInfo.SQL_SUPPORTED_POSITIONED_COMMANDS, int32(0)],
    [SqlInfo.SQL_SELECT_FOR_UPDATE_SUPPORTED, bool(false)],
    [SqlInfo.SQL_STORED_PROCEDURES_SUPPORTED, bool(false)],
    [SqlInfo.SQL_SUPPORTED_SUBQUERIES, mask(0, 1, 2, 3)],
    [SqlInfo.SQL_CORRELATED_SUBQUERIES_SUPPORTED, bool(true)],
    [SqlInfo.SQL_SUPPORTED_UNIONS, mask(0, 1)],
    [SqlInfo.SQL_MAX_ROW_SIZE_INCLUDES_BLOBS, bool(true)],
  ];
}

function transactionSupport({ transactions }: FlightSqlHandlers): number {
  if (hasSavepoints(transactions)) return SqlSupportedTransaction.SQL_SUPPORTED_TRANSACTION_SAVEPOINT;
  if (transactions) return SqlSupportedTransaction.SQL_SUPPORTED_TRANSACTION_TRANSACTION;
  return SqlSupportedTransaction.SQL_SUPPORTED_TRANSACTION_NONE;
}

/** Where there are transactions, they are thought to be serializable, and to hold the definition of tables too. */
function transactionInfo({ transactions, update }: FlightSqlHandlers): Entries {
  const isolation = transactions
    ? SqlTransactionIsolationLevel.SQL_TRANSACTION_SERIALIZABLE
    : SqlTransactionIsolationLevel.SQL_TRANSACTION_NONE;
  return [
    [SqlInfo.SQL_DEFAULT_TRANSACTION_ISOLATION, { int64: BigInt(isolation) }],
    [SqlInfo.SQL_TRANSACTIONS_SUPPORTED, bool(transactions !== undefined)],
    [SqlInfo.SQL_SUPPORTED_TRANSACTIONS_ISOLATION_LEVELS, mask(isolation)],
    [SqlInfo.SQL_DATA_DEFINITION_CAUSES_TRANSACTION_COMMIT, bool(false)],
    [SqlInfo.SQL_DATA_DEFINITIONS_IN_TRANSACTIONS_IGNORED, bool(false)],
    [SqlInfo.SQL_BATCH_UPDATES_SUPPORTED, bool(update !== undefined)],
    [SqlInfo.SQL_SAVEPOINTS_SUPPORTED, bool(hasSavepoints(transactions))],
  ];
}

function resultSets(): Entries {
  const readOnly = mask(SqlSupportedResultSetConcurrency.SQL_RESULT_SET_CONCURRENCY_READ_ONLY);
  return [
    [SqlInfo.SQL_SUPPORTED_RESULT_SET_TYPES, mask(SqlSupportedResultSetType.SQL_RESULT_SET_TYPE_FORWARD_ONLY)],
    [SqlInfo.SQL_SUPPORTED_CONCURRENCIES_FOR_RESULT_SET_UNSPECIFIED, readOnly],
    [SqlInfo.SQL_SUPPORTED_CONCURRENCIES_FOR_RESULT_SET_FORWARD_ONLY, readOnly],
    [SqlInfo.SQL_SUPPORTED_CONCURRENCIES_FOR_RESULT_SET_SCROLL_SENSITIVE, int32(0)],
    [SqlInfo.SQL_SUPPORTED_CONCURRENCIES_FOR_RESULT_SET_SCROLL_INSENSITIVE, int32(0)],
    [SqlInfo.SQL_NAMED_PARAMETERS_SUPPORTED, bool(false)],
    [SqlInfo.SQL_LOCATORS_UPDATE_COPY, bool(false)],
    [SqlInfo.SQL_STORED_FUNCTIONS_USING_CALL_SYNTAX_SUPPORTED, bool(false)],
  ];
}

/** SqlSupportsConvert: numbers into numbers and text, text into everything. */
const numbers = [0, 2, 5, 6, 7, 12, 13, 14, 17];
const everything = [...numbers, 1, 3, 4, 15, 16, 18, 19];
const conversions = new Map<number, readonly number[]>([
  ...numbers.map((from) => [from, [...numbers, 3, 19]] as const),
  [3, everything] as const,
  [19, everything] as const,
  [4, [4, 16, 3, 19]] as const,
  [16, [4, 15, 16, 3, 19]] as const,
]);

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
