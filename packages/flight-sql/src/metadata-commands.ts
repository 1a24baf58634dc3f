import { type CallContext, encodeSchemaBytes } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import { type RecordBatch, Schema } from 'apache-arrow';
import type { Command, CommandMessage } from './command.ts';
import { foreignKeys } from './foreign-keys.ts';
import type { FlightSqlHandlers } from './handlers.ts';
import { likePattern } from './like-pattern.ts';
import type { TableEntry } from './metadata.ts';
import { compareTexts as compare, isNamed, isTable } from './metadata-order.ts';
import { batchOf } from './rows.ts';
import {
  catalogsSchema,
  dbSchemasSchema,
  foreignKeysSchema,
  primaryKeysSchema,
  sqlInfoSchema,
  tablesSchema,
  tablesWithColumnsSchema,
  tableTypesSchema,
  xdbcTypeInfoSchema,
} from './schemas.ts';
import { type SqlInfoValue, sqlInfoBatch } from './sql-info.ts';
import { defaultSqlTypes, xdbcTypesBatch } from './xdbc-types.ts';

/** The schema that a metadata command's rows have; undefined for other commands. */
export function metadataSchema(command: Command): Schema | undefined {
  switch (command.name) {
    case 'CommandGetSqlInfo':
      return sqlInfoSchema;
    case 'CommandGetXdbcTypeInfo':
      return xdbcTypeInfoSchema;
    case 'CommandGetCatalogs':
      return catalogsSchema;
    case 'CommandGetDbSchemas':
      return dbSchemasSchema;
    case 'CommandGetTables':
      return command.message.includeSchema ? tablesWithColumnsSchema : tablesSchema;
    case 'CommandGetTableTypes':
      return tableTypesSchema;
    case 'CommandGetPrimaryKeys':
      return primaryKeysSchema;
    case 'CommandGetExportedKeys':
    case 'CommandGetImportedKeys':
    case 'CommandGetCrossReference':
      return foreignKeysSchema;
    default:
      return undefined;
  }
}

/** The rows of a metadata command. */
export async function metadataRows(
  command: Command,
  handlers: FlightSqlHandlers,
  info: Readonly<Record<number, SqlInfoValue>>,
  context: CallContext,
): Promise<RecordBatch> {
  const { metadata } = handlers;
  switch (command.name) {
    case 'CommandGetSqlInfo':
      return sqlInfoBatch(info, command.message.info);
    case 'CommandGetXdbcTypeInfo':
      return xdbcTypesBatch(metadata.types ?? defaultSqlTypes, command.message.dataType);
    case 'CommandGetCatalogs': {
      const names = [...(await metadata.catalogs(context))].sort();
      return batchOf(catalogsSchema, [names], names.length);
    }
    case 'CommandGetDbSchemas':
      return dbSchemas(command.message, handlers, context);
    case 'CommandGetTables':
      return tables(command.message, handlers, context);
    case 'CommandGetTableTypes': {
      const types = [...((await metadata.tableTypes?.(context)) ?? ['TABLE', 'VIEW'])].sort();
      return batchOf(tableTypesSchema, [types], types.length);
    }
    case 'CommandGetPrimaryKeys':
      return primaryKeys(command.message, handlers, context);
    case 'CommandGetExportedKeys':
    case 'CommandGetImportedKeys':
    case 'CommandGetCrossReference':
      return foreignKeys(command, metadata, context);
    default:
      throw new GrpcError(Status.INVALID_ARGUMENT, `${command.name} has no rows to fetch`);
  }
}

async function dbSchemas(
  { catalog, dbSchemaFilterPattern }: CommandMessage<'CommandGetDbSchemas'>,
  { metadata }: FlightSqlHandlers,
  context: CallContext,
): Promise<RecordBatch> {
  const matches = likePattern(dbSchemaFilterPattern);
  const found = (await metadata.schemas(context))
    .filter((entry) => isNamed(entry.catalog, catalog) && matches(entry.schema))
    .sort((a, b) => compare(a.catalog, b.catalog) || compare(a.schema, b.schema));
  const columns = [found.map((entry) => entry.catalog ?? null), found.map((entry) => entry.schema)];
  return batchOf(dbSchemasSchema, columns, found.length);
}

async function tables(
  command: CommandMessage<'CommandGetTables'>,
  { metadata }: FlightSqlHandlers,
  context: CallContext,
): Promise<RecordBatch> {
  const { catalog, dbSchemaFilterPattern, tableNameFilterPattern, tableTypes, includeSchema } = command;
  const schemaMatches = likePattern(dbSchemaFilterPattern);
  const tableMatches = likePattern(tableNameFilterPattern);
  const filter = {
    catalog,
    schemaPattern: dbSchemaFilterPattern,
    tablePattern: tableNameFilterPattern,
    types: tableTypes,
    includeColumns: includeSchema,
  };
  const found = (await metadata.tables(filter, context))
    .filter(
      (entry) =>
        isNamed(entry.catalog, catalog) &&
        schemaMatches(entry.schema ?? '') &&
        tableMatches(entry.table) &&
        (tableTypes.length === 0 || tableTypes.includes(entry.type)),
    )
    .sort(byName);
  const columns: unknown[][] = [
    found.map((entry) => entry.catalog ?? null),
    found.map((entry) => entry.schema ?? null),
    found.map((entry) => entry.table),
    found.map((entry) => entry.type),
  ];
  if (!includeSchema) return batchOf(tablesSchema, columns, found.length);
  columns.push(found.map((entry) => encodeSchemaBytes(entry.columns ?? new Schema([]))));
  return batchOf(tablesWithColumnsSchema, columns, found.length);
}

async function primaryKeys(
  { catalog, dbSchema, table }: CommandMessage<'CommandGetPrimaryKeys'>,
  { metadata }: FlightSqlHandlers,
  context: CallContext,
): Promise<RecordBatch> {
  const found = [...((await metadata.primaryKeys?.({ catalog, schema: dbSchema, table }, context)) ?? [])]
    .filter((key) => isTable(key, { catalog, schema: dbSchema, table }))
    .sort(
      (a, b) =>
        compare(a.catalog, b.catalog) ||
        compare(a.schema, b.schema) ||
        compare(a.keyName, b.keyName) ||
        a.sequence - b.sequence,
    );
  const columns = [
    found.map((key) => key.catalog ?? null),
    found.map((key) => key.schema ?? null),
    found.map((key) => key.table),
    found.map((key) => key.column),
    found.map((key) => key.sequence),
    found.map((key) => key.keyName ?? null),
  ];
  return batchOf(primaryKeysSchema, columns, found.length);
}

function byName(a: TableEntry, b: TableEntry): number {
  return (
    compare(a.catalog, b.catalog) || compare(a.schema, b.schema) || compare(a.table, b.table) || compare(a.type, b.type)
  );
}
