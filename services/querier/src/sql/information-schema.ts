import { quoteIdentifier, quoteLiteral } from '@signaldb/duckdb';
import { catalogName } from './catalog-name.ts';
import type { ListedTable } from './table-list.ts';

type Row = Readonly<Record<string, string | number | null>>;

interface SchemaView {
  /** Columns and their types, in order. */
  readonly columns: Readonly<Record<string, 'VARCHAR' | 'INTEGER'>>;
  readonly rows: (tenant: string, tables: readonly ListedTable[]) => Row[];
}

const text = 'VARCHAR';
const integer = 'INTEGER';

const ofTable = (tenant: string, { name }: ListedTable): Row => ({
  table_catalog: catalogName,
  table_schema: tenant,
  table_name: name,
});

const constraintOf = (tenant: string, { name }: ListedTable): Row => ({
  constraint_catalog: catalogName,
  constraint_schema: tenant,
  constraint_name: `${name}_pkey`,
});

const withKeys = (tables: readonly ListedTable[]): ListedTable[] =>
  tables.filter(({ primaryKey }) => primaryKey.length > 0);

/** The views of the standard's information schema that are answered, with the names that DuckDB gives their columns. */
const views: Readonly<Record<string, SchemaView>> = {
  schemata: {
    columns: { catalog_name: text, schema_name: text, schema_owner: text, sql_path: text },
    rows: (tenant) => [{ catalog_name: catalogName, schema_name: tenant, schema_owner: null, sql_path: null }],
  },
  tables: {
    columns: {
      table_catalog: text,
      table_schema: text,
      table_name: text,
      table_type: text,
      is_insertable_into: text,
      TABLE_COMMENT: text,
    },
    rows: (tenant, tables) =>
      tables.map((table) => ({
        ...ofTable(tenant, table),
        table_type: table.type === 'VIEW' ? 'VIEW' : 'BASE TABLE',
        is_insertable_into: table.isWritable ? 'YES' : 'NO',
        TABLE_COMMENT: table.comment ?? null,
      })),
  },
  columns: {
    columns: {
      table_catalog: text,
      table_schema: text,
      table_name: text,
      column_name: text,
      ordinal_position: integer,
      column_default: text,
      is_nullable: text,
      data_type: text,
      character_maximum_length: integer,
      numeric_precision: integer,
      numeric_scale: integer,
      datetime_precision: integer,
      COLUMN_COMMENT: text,
    },
    rows: (tenant, tables) =>
      tables.flatMap((table) =>
        table.shown.map((column, i) => ({
          ...ofTable(tenant, table),
          column_name: column.name,
          ordinal_position: i + 1,
          column_default: null,
          is_nullable: column.isRequired === true ? 'NO' : 'YES',
          data_type: column.type,
          character_maximum_length: null,
          ...precisionOf(column.type),
          COLUMN_COMMENT: column.comment ?? null,
        })),
      ),
  },
  views: {
    columns: { table_catalog: text, table_schema: text, table_name: text, view_definition: text, is_updatable: text },
    rows: (tenant, tables) =>
      tables
        .filter(({ type }) => type === 'VIEW')
        .map((table) => ({ ...ofTable(tenant, table), view_definition: null, is_updatable: 'NO' })),
  },
  table_constraints: {
    columns: {
      constraint_catalog: text,
      constraint_schema: text,
      constraint_name: text,
      table_catalog: text,
      table_schema: text,
      table_name: text,
      constraint_type: text,
      is_deferrable: text,
      initially_deferred: text,
      enforced: text,
    },
    rows: (tenant, tables) =>
      withKeys(tables).map((table) => ({
        ...constraintOf(tenant, table),
        ...ofTable(tenant, table),
        constraint_type: 'PRIMARY KEY',
        is_deferrable: 'NO',
        initially_deferred: 'NO',
        enforced: 'NO',
      })),
  },
  key_column_usage: {
    columns: {
      constraint_catalog: text,
      constraint_schema: text,
      constraint_name: text,
      table_catalog: text,
      table_schema: text,
      table_name: text,
      column_name: text,
      ordinal_position: integer,
      position_in_unique_constraint: integer,
    },
    rows: (tenant, tables) =>
      withKeys(tables).flatMap((table) =>
        table.primaryKey.map((column, i) => ({
          ...constraintOf(tenant, table),
          ...ofTable(tenant, table),
          column_name: column,
          ordinal_position: i + 1,
          position_in_unique_constraint: null,
        })),
      ),
  },
};

const binaryDigits: Readonly<Record<string, number>> = { INTEGER: 32, BIGINT: 64, FLOAT: 24, DOUBLE: 53 };

function precisionOf(type: string): Row {
  const [, precision, scale] = /^DECIMAL\((\d+), ?(\d+)\)$/.exec(type) ?? [];
  const times: Readonly<Record<string, number>> = { TIMESTAMP_NS: 9, DATE: 0 };
  return {
    numeric_precision: precision === undefined ? (binaryDigits[type] ?? null) : Number(precision),
    numeric_scale: scale === undefined ? (type in binaryDigits ? 0 : null) : Number(scale),
    datetime_precision: times[type] ?? (/^TIME/.test(type) ? 6 : null),
  };
}

/** Names of the views that are answered. */
export const schemaViewNames: readonly string[] = Object.keys(views);

/** The name by which a session knows a view: short, so that it fits where the qualified name stood. */
export function sessionNameOf(view: string): string {
  return `is$${schemaViewNames.indexOf(view)}`;
}

/** SQL that makes a view of the information schema known to a session. */
export function createSchemaView(view: string, tenant: string, tables: readonly ListedTable[]): string {
  const { columns, rows } = views[view]!;
  const names = Object.keys(columns);
  // One text of JSON: many rows of VALUES take the parser longer.
  const json = JSON.stringify(rows(tenant, tables).map((row) => names.map((name) => row[name]?.toString() ?? null)));
  const list = names.map((name, i) => `CAST(r[${i + 1}] AS ${columns[name]}) AS ${quoteIdentifier(name)}`);
  return `CREATE TEMP VIEW ${sessionNameOf(view)} AS SELECT ${list.join(', ')}
    FROM (SELECT unnest(from_json(${quoteLiteral(json)}, '[["VARCHAR"]]')) AS r)`;
}
