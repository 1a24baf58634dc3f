import { type Connection, quoteIdentifier } from '@signaldb/duckdb';
import { Field, Schema } from 'apache-arrow';
import { withColumnMetadata } from '../column-metadata.ts';
import type { ForeignKeyColumn, PrimaryKeyColumn, SqlMetadata, TableEntry } from '../metadata.ts';

type During = <T>(work: (connection: Connection) => Promise<T>) => Promise<T>;
type Row = Readonly<Record<string, string>>;

const own = "database_name IN ('shop', 'attic')";

/** DuckDB's own catalog as metadata. */
export function exampleMetadata(during: During): SqlMetadata {
  const rows = (sql: string) => during((connection) => rowsOf(connection, sql));
  return {
    catalogs: async () => ['shop', 'attic'],
    schemas: async () => {
      const found = await rows(`SELECT database_name, schema_name FROM duckdb_schemas() WHERE ${own}`);
      return found.map((row) => ({ catalog: row.database_name!, schema: row.schema_name! }));
    },
    tables: ({ includeColumns }) => during((connection) => tables(connection, includeColumns)),
    primaryKeys: async () => (await rows(keys('PRIMARY KEY'))).flatMap(primaryKey),
    foreignKeys: async () => (await rows(keys('FOREIGN KEY'))).flatMap(foreignKey),
  };
}

async function rowsOf(connection: Connection, sql: string): Promise<Row[]> {
  const result = await connection.query(sql, { stream: false });
  return (await result.table()).toArray().map((row) => row.toJSON() as Row);
}

async function tables(connection: Connection, includeColumns: boolean): Promise<TableEntry[]> {
  const found = await rowsOf(
    connection,
    `SELECT database_name, schema_name, table_name AS name, 'TABLE' AS type FROM duckdb_tables() WHERE ${own}
     UNION ALL SELECT database_name, schema_name, view_name, 'VIEW' FROM duckdb_views() WHERE ${own}`,
  );
  const entries: TableEntry[] = [];
  for (const row of found) {
    const entry = { catalog: row.database_name!, schema: row.schema_name!, table: row.name!, type: row.type! };
    entries.push(includeColumns ? { ...entry, columns: await columnsOf(connection, entry) } : entry);
  }
  return entries;
}

async function columnsOf(connection: Connection, { catalog, schema, table }: TableEntry): Promise<Schema> {
  const names = { catalog: catalog!, schema: schema!, table };
  const described = await connection.describe(`FROM ${Object.values(names).map(quoteIdentifier).join('.')}`);
  const found = await rowsOf(
    connection,
    `SELECT column_name, comment, data_type, CASE WHEN is_nullable THEN 'yes' ELSE '' END AS nullable
     FROM duckdb_columns() WHERE database_name = '${catalog}' AND schema_name = '${schema}' AND table_name = '${table}'`,
  );
  const fields = described.schema.fields.map(({ name, type }) => {
    const column = found.find((row) => row.column_name === name);
    const remarks = column?.comment ? { remarks: column.comment } : {};
    const field = new Field(name, type, column?.nullable !== '');
    return withColumnMetadata(field, { ...names, typeName: column?.data_type ?? String(type), ...remarks });
  });
  return new Schema(fields);
}

const keys = (type: string) => `
  SELECT database_name, schema_name, table_name, constraint_name, referenced_table,
    array_to_string(constraint_column_names, ',') AS columns, array_to_string(referenced_column_names, ',') AS referenced
  FROM duckdb_constraints() WHERE ${own} AND constraint_type = '${type}'`;

function primaryKey(row: Row): PrimaryKeyColumn[] {
  const table = { catalog: row.database_name!, schema: row.schema_name!, table: row.table_name! };
  const columns = row.columns!.split(',');
  return columns.map((column, i) => ({ ...table, column, sequence: i + 1, keyName: row.constraint_name! }));
}

/** DuckDB's foreign keys stay within a schema, and refuse what would break them. */
function foreignKey(row: Row): ForeignKeyColumn[] {
  const place = { catalog: row.database_name!, schema: row.schema_name! };
  const referenced = row.referenced!.split(',');
  return row.columns!.split(',').map((column, i) => ({
    primary: { ...place, table: row.referenced_table!, column: referenced[i]! },
    foreign: { ...place, table: row.table_name!, column },
    sequence: i + 1,
    foreignKeyName: row.constraint_name!,
    updateRule: 'RESTRICT',
    deleteRule: 'RESTRICT',
  }));
}
