import {
  type Catalog,
  type CreateTableRequest,
  evolveTable,
  isCatalogError,
  type LoadTableResult,
  type ManifestReader,
  type Mark,
  marksOf,
  SchemaError,
  signalTableRequest,
  type TableMetadata,
} from '@signaldb/iceberg';
import type { ObjectStore } from '@signaldb/object-store';
import type { Logger } from '@signaldb/runtime';
import { Field, Schema } from 'apache-arrow';
import type { WriterConfig } from './config.ts';
import { type PlannedColumns, planSignalColumns, planUserColumns } from './planned-columns.ts';
import { keepTrying } from './retry.ts';
import { signalTableOf, sortTerms, TableLayout } from './table-layout.ts';

export interface TableStateDeps {
  readonly catalog: Catalog;
  readonly store: ObjectStore;
  readonly reader: ManifestReader;
  readonly logger: Logger;
  readonly config: WriterConfig;
}

/** The table that rows are for was dropped. */
export class TableGoneError extends Error {
  constructor(ns: string, name: string) {
    super(`table ${ns}.${name} was dropped`);
    this.name = 'TableGoneError';
  }
}

/** What the catalog says of one table, as this writer last saw it. */
export class TableState {
  readonly ns: string;
  readonly name: string;
  /** Of a user's table: another one of its name is not it. */
  readonly uuid: string | undefined;
  readonly #deps: TableStateDeps;
  #base: LoadTableResult | undefined;
  #planned: PlannedColumns | undefined;
  #layout: TableLayout | undefined;

  constructor(deps: TableStateDeps, ns: string, name: string, uuid?: string) {
    this.#deps = deps;
    this.ns = ns;
    this.name = name;
    this.uuid = uuid;
  }

  get isOpen(): boolean {
    return this.#base !== undefined;
  }

  get base(): LoadTableResult {
    if (!this.#base) throw new Error(`table ${this.ns}.${this.name} was not opened`);
    return this.#base;
  }

  get metadata(): TableMetadata {
    return this.base.metadata;
  }

  get planned(): PlannedColumns {
    this.#planned ??= signalTableOf(this.name)
      ? planSignalColumns(this.metadata, this.#deps.config.attributeColumnsMax)
      : planUserColumns(this.metadata);
    return this.#planned;
  }

  get layout(): TableLayout {
    this.#layout ??= new TableLayout(this.name, this.metadata);
    return this.#layout;
  }

  markOf(logId: string): Mark | undefined {
    return marksOf(this.metadata)[logId];
  }

  /** The table as the last commit left it. What is planned beyond it stays planned. */
  update(base: LoadTableResult): void {
    const before = this.#base?.metadata;
    this.#base = base;
    const { metadata } = base;
    if (before?.['table-uuid'] !== metadata['table-uuid']) {
      this.#planned = undefined;
      this.#layout = undefined;
      return;
    }
    if (before['default-spec-id'] !== metadata['default-spec-id']) this.#layout = undefined;
    if (before['current-schema-id'] !== metadata['current-schema-id']) this.#planned = this.#planned?.onto(metadata);
  }

  /**
   * Loads the table anew, and creates it (and its namespace) for rows of `schema` where there is none; tries until the
   * catalog answers. A table that is known by its UUID isn't created: TableGoneError where it isn't there. Throws
   * SchemaError where a table can't have that schema.
   */
  async open(schema: Schema, signal: AbortSignal): Promise<void> {
    const { catalog, logger } = this.#deps;
    const base = await keepTrying(
      async () => {
        try {
          return this.#sameTable(await catalog.loadTable(this.ns, this.name));
        } catch (error) {
          if (!isCatalogError(error, 'NoSuchTableException') && !isCatalogError(error, 'NoSuchNamespaceException'))
            throw error;
          if (this.uuid !== undefined) throw new TableGoneError(this.ns, this.name);
          return this.#create(schema);
        }
      },
      { what: `opening table ${this.ns}.${this.name}`, logger, signal, isFinal },
    ).catch((error) => {
      // A name or schema that the catalog won't have is the rows' fault, not the catalog's.
      if (isFinal(error) && !(error instanceof SchemaError) && !(error instanceof TableGoneError))
        throw new SchemaError('UNSUPPORTED_TYPE', `table ${this.name} can't be created: ${error.message}`);
      throw error;
    });
    this.update(base);
  }

  /** Loads the table anew. Throws CatalogError, TableGoneError. */
  async refresh(): Promise<void> {
    this.update(this.#sameTable(await this.#deps.catalog.loadTable(this.ns, this.name)));
  }

  #sameTable(loaded: LoadTableResult): LoadTableResult {
    if (this.uuid !== undefined && loaded.metadata['table-uuid'] !== this.uuid)
      throw new TableGoneError(this.ns, this.name);
    return loaded;
  }

  async #create(schema: Schema): Promise<LoadTableResult> {
    const { catalog, logger } = this.#deps;
    const request = creationRequest(this.name, schema);
    await ignoring('AlreadyExistsException', () => catalog.createNamespace(this.ns));
    await ignoring('AlreadyExistsException', () => catalog.createTable(this.ns, request));
    logger.info({ tenant: this.ns, table: this.name }, 'table created');
    return catalog.loadTable(this.ns, this.name);
  }

  /** Makes the table have the columns of `schema`. Throws SchemaError where it can't any more, CatalogError. */
  async evolve(schema: Schema, signal: AbortSignal): Promise<void> {
    const { catalog } = this.#deps;
    this.update(await evolveTable(catalog, this.ns, this.name, schema, { base: this.base, signal }));
  }
}

const isFinal = (error: unknown): boolean =>
  error instanceof SchemaError ||
  error instanceof TableGoneError ||
  ['BadRequestException', 'ValidationException', 'ForbiddenException', 'UnprocessableEntityException'].some((code) =>
    isCatalogError(error, code as 'BadRequestException'),
  );

async function ignoring(code: 'AlreadyExistsException', action: () => Promise<unknown>): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (!isCatalogError(error, code)) throw error;
  }
}

/** Signal tables begin with their fixed columns; a user's with those of the first rows, none of which is required later. */
function creationRequest(name: string, schema: Schema): CreateTableRequest {
  const signal = signalTableOf(name);
  if (signal) {
    const { baseSchema, comment, columnComments } = signal;
    return signalTableRequest({ name, schema: baseSchema, sortBy: sortTerms(signal), comment, columnComments });
  }
  const fields = schema.fields.map((field) => new Field(field.name, field.type, true));
  return signalTableRequest({ name, schema: new Schema(fields), hourColumn: '' });
}
