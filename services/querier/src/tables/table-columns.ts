import {
  arrowToIcebergSchema,
  currentSchema,
  type IcebergSchema,
  type SqlTypes,
  sqlTypesOf,
  type TableMetadata,
} from '@signaldb/iceberg';
import { type SignalTable, signalTables, type TableName } from '@signaldb/otlp';
import { duckTypeOfIceberg } from './iceberg-type.ts';
import { type ShownType, shownType } from './shown-type.ts';

/** A column as the catalog, or the signal's definition, has it. */
export interface TableColumn {
  readonly name: string;
  /** Iceberg's field id; absent for a table that the catalog doesn't have yet. */
  readonly fieldId: number | undefined;
  /** DuckDB's name of its type. */
  readonly type: string;
  /** It never is null. */
  readonly isRequired?: boolean;
  /** What it is, and its unit. */
  readonly comment?: string;
  /** How SQL shows it, where that isn't as it is stored. */
  readonly shown?: Required<ShownType>;
}

/** The signal's definition of a table; undefined for a table of a user. */
export function signalTableOf(name: string): SignalTable | undefined {
  return Object.hasOwn(signalTables, name) ? signalTables[name as TableName] : undefined;
}

/** The columns of a table that the catalog has. */
export function columnsOf(metadata: TableMetadata, signal: SignalTable | undefined): TableColumn[] {
  return columnsOfSchema(currentSchema(metadata), signal, sqlTypesOf(metadata.properties));
}

/** The columns that a signal's table will have when it is made. */
export function baseColumns(signal: SignalTable): TableColumn[] {
  const columns = columnsOfSchema(arrowToIcebergSchema(signal.baseSchema), signal, {});
  return columns.map((column) => ({ ...column, fieldId: undefined }));
}

function columnsOfSchema(
  { fields }: IcebergSchema,
  signal: SignalTable | undefined,
  sqlTypes: SqlTypes,
): TableColumn[] {
  return fields.map(({ id, name, type, required, doc }) => {
    const comment = doc ?? (signal && commentOf(signal, name));
    const { type: shown, expression } = shownType(id, type, sqlTypes);
    return {
      name,
      fieldId: id,
      type: duckTypeOfIceberg(type),
      isRequired: required,
      ...(comment !== undefined && { comment }),
      ...(expression !== undefined && { shown: { type: shown, expression } }),
    };
  });
}

/** What a column of a signal's table is: tables that were made before columns had comments have them all the same. */
function commentOf({ columnComments, attributeScopes }: SignalTable, name: string): string | undefined {
  if (Object.hasOwn(columnComments, name)) return columnComments[name];
  const dot = name.indexOf('.');
  const scope = attributeScopes.find((candidate) => candidate === name.slice(0, dot));
  return scope && `Attribute ${name.slice(dot + 1)} of the ${attributeOwners[scope]}`;
}

const attributeOwners = {
  span: 'span',
  log: 'log record',
  metric: 'data point',
  resource: 'resource',
  scope: 'instrumentation scope',
} as const;
