import type { TableUpdate } from './metadata-updates.ts';
import type { PartitionSpec } from './partition-spec.ts';
import type { TableRequirement } from './requirements.ts';
import type { IcebergSchema } from './schema.ts';
import type { SortOrder } from './sort-order.ts';
import type { Properties, TableMetadata } from './table-metadata.ts';

export interface LoadTableResult {
  /** Where the metadata file lies; absent for a table that is staged only. */
  readonly 'metadata-location'?: string;
  readonly metadata: TableMetadata;
  readonly config?: Properties;
}

export interface CreateTableRequest {
  readonly name: string;
  /** Field ids are assigned anew. */
  readonly schema: IcebergSchema;
  readonly 'partition-spec'?: PartitionSpec;
  readonly 'write-order'?: SortOrder;
  readonly location?: string;
  readonly properties?: Properties;
  /** Answer the metadata without creating anything: a commit with `assert-create` follows. */
  readonly 'stage-create'?: boolean;
}

export interface CommitRequest {
  readonly requirements: readonly TableRequirement[];
  readonly updates: readonly TableUpdate[];
}

export interface TableIdentifier {
  readonly namespace: string;
  readonly name: string;
}

export interface CatalogConfig {
  readonly defaults: Properties;
  readonly overrides: Properties;
}

export interface PropertiesUpdate {
  readonly removals?: readonly string[];
  readonly updates?: Properties;
}

export interface PropertiesUpdateResult {
  readonly updated: readonly string[];
  readonly removed: readonly string[];
  readonly missing: readonly string[];
}

/**
 * An Iceberg catalog: the server's own object, or a client of one over REST; callers can't tell. Namespaces have one
 * level (a tenant each). Every call throws CatalogError. Unlike other calls, `commitTable` may end with
 * CommitStateUnknownException: then the table has to be loaded to know.
 */
export interface Catalog {
  config(): Promise<CatalogConfig>;
  listNamespaces(): Promise<string[]>;
  /** AlreadyExistsException. */
  createNamespace(namespace: string, properties?: Properties): Promise<Properties>;
  loadNamespace(namespace: string): Promise<Properties>;
  namespaceExists(namespace: string): Promise<boolean>;
  /** NoSuchNamespaceException, NamespaceNotEmptyException. */
  dropNamespace(namespace: string): Promise<void>;
  updateNamespaceProperties(namespace: string, update: PropertiesUpdate): Promise<PropertiesUpdateResult>;
  listTables(namespace: string): Promise<string[]>;
  /** NoSuchTableException. */
  loadTable(namespace: string, table: string): Promise<LoadTableResult>;
  /** NoSuchNamespaceException, AlreadyExistsException. */
  createTable(namespace: string, request: CreateTableRequest): Promise<LoadTableResult>;
  /** CommitFailedException when a requirement isn't met: nothing has changed. */
  commitTable(namespace: string, table: string, request: CommitRequest): Promise<LoadTableResult>;
  /** `purge` deletes the files as well. */
  dropTable(namespace: string, table: string, options?: { readonly purge?: boolean }): Promise<void>;
  tableExists(namespace: string, table: string): Promise<boolean>;
  renameTable(from: TableIdentifier, to: TableIdentifier): Promise<void>;
  /** Makes a table of a metadata file that is there already. */
  registerTable(namespace: string, name: string, metadataLocation: string): Promise<LoadTableResult>;
  /** Several tables' commits, all or none. */
  commitTransaction(commits: readonly (CommitRequest & { readonly identifier: TableIdentifier })[]): Promise<void>;
}
