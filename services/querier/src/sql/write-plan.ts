import { encodeSchemaBytes } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import { SchemaError, storeColumns } from '@signaldb/iceberg';
import { DataType, Field, FixedSizeBinary, Schema } from 'apache-arrow';

/** What is to be done with a table, as the first message of a write's answer tells it; the rows to write follow. */
export type WritePlan =
  | { readonly action: 'none' }
  | { readonly action: 'drop_table'; readonly table: string }
  | { readonly action: 'insert'; readonly table: string }
  | {
      readonly action: 'create_table' | 'create_table_as';
      readonly table: string;
      /** A table of the name gives way to it. */
      readonly or_replace: boolean;
      /** A schema as Flight has it, in base64. */
      readonly schema_ipc: string;
      readonly primary_key: readonly string[];
    };

/** A column of the table that DuckDB made of a CREATE TABLE. */
export interface MadeColumn {
  readonly name: string;
  readonly type: string;
  readonly isNullable: boolean;
  readonly default: string | null;
}

export interface MadeConstraint {
  readonly type: string;
  readonly text: string;
  readonly columns: readonly string[];
}

/** What DuckDB says of a table that it made. */
export interface MadeTable {
  readonly columns: readonly MadeColumn[];
  readonly constraints: readonly MadeConstraint[];
}

/** SQL that tells of a table of the session, one row a column and constraint; `readMadeTable` reads it. */
export const inspectionOf = (tableLiteral: string): string => `
  SELECT column_name AS name, data_type AS type, is_nullable AS nullable, column_default AS text, NULL::VARCHAR[] AS columns
  FROM (FROM duckdb_columns() WHERE table_name = ${tableLiteral} ORDER BY column_index)
  UNION ALL
  SELECT NULL, constraint_type, NULL, constraint_text, constraint_column_names
  FROM duckdb_constraints() WHERE table_name = ${tableLiteral}`;

interface InspectedRow {
  readonly name: string | null;
  readonly type: string;
  readonly nullable: boolean | null;
  readonly text: string | null;
  readonly columns: readonly string[] | null;
}

export function readMadeTable(inspected: readonly unknown[]): MadeTable {
  const columns: MadeColumn[] = [];
  const constraints: MadeConstraint[] = [];
  for (const { name, type, nullable, text, columns: of } of inspected as readonly InspectedRow[]) {
    if (name === null) constraints.push({ type, text: text ?? '', columns: of ?? [] });
    else columns.push({ name, type, isNullable: nullable === true, default: text });
  }
  return { columns, constraints };
}

/**
 * The schema and key that a table of a CREATE TABLE has here. @throws GrpcError INVALID_ARGUMENT that names what tables here don't have
 */
export function tableSchema(made: MadeTable, rows: Schema): { readonly schema: Schema; readonly primaryKey: string[] } {
  for (const { type, text } of made.constraints) {
    if (type === 'NOT NULL' || type === 'PRIMARY KEY') continue;
    throw refused(
      `${text}: tables keep NOT NULL, and PRIMARY KEY as a statement about the rows; other constraints are not served`,
    );
  }
  for (const column of made.columns) {
    if (column.default === null) continue;
    throw refused(
      `column "${column.name}": a column has no default and isn’t generated (${column.default}); give the value in INSERT`,
    );
  }
  const primaryKey = made.constraints.flatMap(({ type, columns }) => (type === 'PRIMARY KEY' ? columns : []));
  return {
    schema: storable(new Schema(rows.fields.map((field, i) => columnField(field, made.columns[i]!)))),
    primaryKey,
  };
}

/** The schema, if tables can hold such columns. @throws GrpcError INVALID_ARGUMENT that names the column */
export function storable(schema: Schema): Schema {
  try {
    storeColumns(schema);
  } catch (error) {
    if (error instanceof SchemaError) throw refused(error.message);
    throw error;
  }
  return schema;
}

const uuid = new Map([
  ['ARROW:extension:name', 'arrow.uuid'],
  ['ARROW:extension:metadata', ''],
]);

function columnField({ name, type }: Field, made: MadeColumn): Field {
  if (made.type === 'UUID') return new Field(name, new FixedSizeBinary(16), made.isNullable, uuid);
  if (/\bUUID\b/.test(made.type.replace(/"(?:[^"]|"")*"/g, '')))
    throw refused(
      `column "${name}" is of type ${made.type}: UUIDs within lists, structs and maps are not served; use VARCHAR or BLOB there`,
    );
  if (holdsDictionary(type))
    throw refused(
      `column "${name}" is of type ${made.type}: tables have no ENUM; use VARCHAR, which is stored as compactly`,
    );
  return new Field(name, type, made.isNullable);
}

const holdsDictionary = (type: DataType): boolean =>
  DataType.isDictionary(type) || (type.children ?? []).some((child) => holdsDictionary(child.type));

export const schemaText = (schema: Schema): string => Buffer.from(encodeSchemaBytes(schema)).toString('base64');

const refused = (message: string): GrpcError => new GrpcError(Status.INVALID_ARGUMENT, message);
