import { setImmediate as nextTurn } from 'node:timers/promises';
import { encodeSchemaBytes } from '@signaldb/flight';
import { type Catalog, isCatalogError } from '@signaldb/iceberg';
import { signalTables } from '@signaldb/otlp';
import { Field, Schema } from 'apache-arrow';
import { Lru } from '../files/lru.ts';
import { mapSome } from '../map-some.ts';
import { type ShownColumn, shownColumns } from '../tables/shown-columns.ts';
import { signalTableOf } from '../tables/table-columns.ts';
import type { TableOverview } from '../tables/table-overview.ts';
import { readError, type TableReader } from '../tables/table-reader.ts';
import type { ArrowTypes } from './arrow-types.ts';
import { type BuiltinView, builtinViews } from './builtins/views.ts';
import { catalogName } from './catalog-name.ts';

/** A table, with its columns as SQL sees them. */
export interface TableDescription {
  readonly name: string;
  readonly type: 'TABLE' | 'VIEW';
  /** A schema as Flight has it, in base64; comments and the like in its fields' metadata, under Flight SQL's keys. */
  readonly schema: string;
  /** -1 where it isn't known. */
  readonly rows: number;
  readonly bytes: number;
  readonly primary_key: readonly string[];
  readonly comment: string | null;
}

/** A table and the columns that SQL shows of it. */
export interface ListedTable extends TableOverview {
  readonly type: 'TABLE' | 'VIEW';
  readonly shown: readonly ShownColumn[];
  /** SQL can write into it. */
  readonly isWritable: boolean;
}

export interface TableListOptions {
  readonly catalog: Catalog;
  readonly reader: TableReader;
  readonly types: ArrowTypes;
}

const schemasCharsMax = 32 << 20;

/** What tables there are. None of their files is opened for it. */
export class TableList {
  readonly #options: TableListOptions;
  /** Encoded schemas: clients ask for all tables again and again. */
  readonly #schemas = new Lru<string>(schemasCharsMax, (schema) => schema.length);

  constructor(options: TableListOptions) {
    this.#options = options;
  }

  /** The signals' tables, which are there before their first row, and those of the catalog. */
  async names(tenant: string): Promise<string[]> {
    const own = await this.#options.catalog.listTables(tenant).catch((error: unknown) => {
      if (isCatalogError(error, 'NoSuchNamespaceException')) return [];
      throw readError(error);
    });
    return [...new Set([...Object.keys(signalTables), ...own])];
  }

  /** All tables by name, and the views that every session has. */
  async list(tenant: string): Promise<ListedTable[]> {
    const overviews = await this.#options.reader.overview(tenant, (await this.names(tenant)).sort());
    const tables = overviews.map((table): ListedTable => {
      const isWritable = signalTableOf(table.name) === undefined;
      return { ...table, type: 'TABLE', shown: shownColumns(table.name, table.columns), isWritable };
    });
    const taken = new Set(tables.map(({ name }) => name.toLowerCase()));
    const views = builtinViews.filter(({ name }) => !taken.has(name)).flatMap((view) => listedView(view, tables));
    return [...tables, ...views].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** All tables as clients are told of them. */
  async describe(tenant: string): Promise<TableDescription[]> {
    const tables = await this.list(tenant);
    return mapSome(tables, 1, async (table) => ({
      name: table.name,
      type: table.type,
      schema: await this.#schemaOf(tenant, table),
      rows: table.rows,
      bytes: table.bytes,
      primary_key: table.primaryKey,
      comment: table.comment ?? null,
    }));
  }

  #schemaOf(tenant: string, table: ListedTable): Promise<string> {
    return this.#schemas.get(JSON.stringify([tenant, table.name, table.type, table.version]), async () => {
      const arrowType = await this.#options.types.of(table.shown.map(({ type }) => type));
      // Thousands of columns take a while: others get their turn.
      await nextTurn();
      const fields = table.shown.map((column) => {
        const metadata = columnMetadata(tenant, table, column);
        return new Field(column.name, arrowType(column.type), column.isRequired !== true, metadata);
      });
      return Buffer.from(encodeSchemaBytes(new Schema(fields))).toString('base64');
    });
  }
}

function listedView(view: BuiltinView, tables: readonly ListedTable[]): ListedTable[] {
  const table = tables.find(({ name }) => name === view.reads);
  if (table === undefined) return [];
  return [
    {
      name: view.name,
      type: 'VIEW',
      version: table.version,
      columns: [],
      shown: view.columns(table.shown),
      primaryKey: [],
      comment: view.comment,
      rows: -1,
      bytes: -1,
      isWritable: false,
    },
  ];
}

/** What Flight SQL has about a column beside its type. https://arrow.apache.org/docs/format/FlightSql.html */
function columnMetadata(tenant: string, table: ListedTable, { type, comment }: ShownColumn): Map<string, string> {
  const [, precision, scale] = /^DECIMAL\((\d+), ?(\d+)\)$/.exec(type) ?? [];
  const facts: Readonly<Record<string, string | undefined>> = {
    CATALOG_NAME: catalogName,
    SCHEMA_NAME: tenant,
    TABLE_NAME: table.name,
    TYPE_NAME: type,
    PRECISION: precision,
    SCALE: scale,
    IS_AUTO_INCREMENT: '0',
    IS_CASE_SENSITIVE: type === 'VARCHAR' ? '1' : '0',
    IS_READ_ONLY: table.isWritable ? '0' : '1',
    IS_SEARCHABLE: '1',
    REMARKS: comment,
  };
  return new Map(
    Object.entries(facts).flatMap(([key, value]) => (value === undefined ? [] : [[`ARROW:FLIGHT:SQL:${key}`, value]])),
  );
}
