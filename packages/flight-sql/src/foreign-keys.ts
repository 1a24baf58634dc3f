import type { CallContext } from '@signaldb/flight';
import { UpdateDeleteRules } from '@signaldb/proto/arrow/flight/protocol/sql/flight_sql';
import type { RecordBatch } from 'apache-arrow';
import type { Command } from './command.ts';
import type { ForeignKeyColumn, KeyColumn, SqlMetadata, TableName } from './metadata.ts';
import { compareTexts, isTable } from './metadata-order.ts';
import { batchOf } from './rows.ts';
import { foreignKeysSchema } from './schemas.ts';

type KeysCommand = Extract<
  Command,
  { name: 'CommandGetExportedKeys' | 'CommandGetImportedKeys' | 'CommandGetCrossReference' }
>;

/** The rows of GetExportedKeys, GetImportedKeys and GetCrossReference. */
export async function foreignKeys(
  command: KeysCommand,
  metadata: SqlMetadata,
  context: CallContext,
): Promise<RecordBatch> {
  const { primary, foreign } = tablesOf(command);
  const asked = { ...(primary && { primary }), ...(foreign && { foreign }) };
  const found = [...((await metadata.foreignKeys?.(asked, context)) ?? [])]
    .filter((key) => (!primary || isTable(key.primary, primary)) && (!foreign || isTable(key.foreign, foreign)))
    .sort(command.name === 'CommandGetExportedKeys' ? byForeign : byPrimary);
  const columns: unknown[][] = [
    ...columnsOf(found.map(({ primary: key }) => key)),
    ...columnsOf(found.map(({ foreign: key }) => key)),
    found.map(({ sequence }) => sequence),
    found.map(({ foreignKeyName }) => foreignKeyName ?? null),
    found.map(({ primaryKeyName }) => primaryKeyName ?? null),
    found.map(({ updateRule }) => UpdateDeleteRules[updateRule ?? 'NO_ACTION']),
    found.map(({ deleteRule }) => UpdateDeleteRules[deleteRule ?? 'NO_ACTION']),
  ];
  return batchOf(foreignKeysSchema, columns, found.length);
}

function tablesOf({ name, message }: KeysCommand): { primary?: TableName; foreign?: TableName } {
  switch (name) {
    case 'CommandGetExportedKeys':
      return { primary: { catalog: message.catalog, schema: message.dbSchema, table: message.table } };
    case 'CommandGetImportedKeys':
      return { foreign: { catalog: message.catalog, schema: message.dbSchema, table: message.table } };
    default:
      return {
        primary: { catalog: message.pkCatalog, schema: message.pkDbSchema, table: message.pkTable },
        foreign: { catalog: message.fkCatalog, schema: message.fkDbSchema, table: message.fkTable },
      };
  }
}

function columnsOf(keys: readonly KeyColumn[]): unknown[][] {
  return [
    keys.map(({ catalog }) => catalog ?? null),
    keys.map(({ schema }) => schema ?? null),
    keys.map(({ table }) => table),
    keys.map(({ column }) => column),
  ];
}

function byForeign(a: ForeignKeyColumn, b: ForeignKeyColumn): number {
  return compareKeys(a.foreign, b.foreign, a.foreignKeyName, b.foreignKeyName) || a.sequence - b.sequence;
}

function byPrimary(a: ForeignKeyColumn, b: ForeignKeyColumn): number {
  return (
    compareKeys(a.primary, b.primary, a.primaryKeyName, b.primaryKeyName) ||
    compareKeys(a.foreign, b.foreign, a.foreignKeyName, b.foreignKeyName) ||
    a.sequence - b.sequence
  );
}

function compareKeys(a: KeyColumn, b: KeyColumn, aName: string | undefined, bName: string | undefined): number {
  return (
    compareTexts(a.catalog, b.catalog) ||
    compareTexts(a.schema, b.schema) ||
    compareTexts(a.table, b.table) ||
    compareTexts(aName, bName)
  );
}
