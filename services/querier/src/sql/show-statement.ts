import { GrpcError, Status } from '@signaldb/grpc';
import { isNode, type TreeNode } from './syntax-tree.ts';

const listings: Readonly<Record<string, string>> = {
  tables: 'SELECT table_name AS name FROM information_schema.tables ORDER BY name',
  __show_tables_expanded: `SELECT table_catalog AS database, table_schema AS schema, table_name AS name,
      list(column_name ORDER BY ordinal_position) AS column_names, list(data_type ORDER BY ordinal_position) AS column_types, false AS temporary
    FROM information_schema.columns GROUP BY ALL ORDER BY name`,
  databases: 'SELECT DISTINCT catalog_name AS database_name FROM information_schema.schemata',
  schemas: 'SELECT catalog_name AS database_name, schema_name FROM information_schema.schemata',
};

/**
 * The query that answers a SHOW statement: DuckDB would list what its session has, which is not what the tenant has. undefined for any
 * other statement.
 * @throws GrpcError INVALID_ARGUMENT for what can't be shown
 */
export function showStatement(tree: TreeNode, shows: readonly string[]): string | undefined {
  if (shows.length === 0) return undefined;
  const [shown] = shows;
  const name = shown!.replaceAll('"', '');
  const from = tree.from_table;
  const isAlone = isNode(from) && from.type === 'SHOW_REF' && !tree.where_clause;
  const listing = Object.hasOwn(listings, name) ? listings[name] : undefined;
  if (isAlone && from.show_type === 'SHOW_UNQUALIFIED' && listing !== undefined) return listing;
  throw new GrpcError(
    Status.INVALID_ARGUMENT,
    isAlone
      ? 'line 1, column 1: SHOW answers TABLES, ALL TABLES, SCHEMAS, DATABASES and the name of a table; information_schema has the rest'
      : 'SHOW can’t stand inside of another statement; select from information_schema.tables instead',
  );
}
