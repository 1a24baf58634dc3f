import { randomUUID } from 'node:crypto';
import type { ObjectStore } from '@signaldb/object-store';
import type { Catalog, CommitRequest, CreateTableRequest, LoadTableResult, TableIdentifier } from './catalog.ts';
import { CatalogError, isCatalogError } from './catalog-error.ts';
import { emptyMetadata, newTableMetadata } from './create-table.ts';
import { createMetadataFiles, type MetadataFiles } from './metadata-files.ts';
import { applyUpdates } from './metadata-updates.ts';
import { namespaceCalls } from './namespaces.ts';
import type { PointerChange, PointerStore } from './pointers.ts';
import { checkRequirements } from './requirements.ts';
import { checkName, createTableFolders, type TableFolders } from './table-folders.ts';
import type { MetadataLogEntry, Properties, TableMetadata } from './table-metadata.ts';

export interface CatalogOptions {
  readonly store: ObjectStore;
  readonly pointers: PointerStore;
  /** Where in the store the tables lie, without slashes around it. Default: at its root. */
  readonly prefix?: string;
  /** Sent to clients with each table: how they reach the store (`s3.endpoint`, …). */
  readonly clientConfig?: Properties;
  readonly now?: () => number;
}

/** A commit that is worked out and whose metadata file is written, but to which nothing points yet. */
interface PreparedCommit extends PointerChange {
  readonly next: string;
  readonly metadata: TableMetadata;
  /** Metadata files that the log let go of. */
  readonly outdated: readonly string[];
}

/** How often a commit is worked out anew when the pointer moved meanwhile; then the client is told. */
const swapAttemptsMax = 5;

/** The server's side of an Iceberg catalog: checks requirements, applies updates, writes metadata files, moves pointers. */
export function createCatalog(options: CatalogOptions): Catalog {
  const folders = createTableFolders(options.store, options.prefix ?? '');
  return new ServerCatalog(options, folders, createMetadataFiles(options.store)).asCatalog();
}

class ServerCatalog {
  private readonly options: CatalogOptions;
  private readonly pointers: PointerStore;
  private readonly folders: TableFolders;
  private readonly files: MetadataFiles;
  private readonly now: () => number;

  constructor(options: CatalogOptions, folders: TableFolders, files: MetadataFiles) {
    this.options = options;
    this.pointers = options.pointers;
    this.folders = folders;
    this.files = files;
    this.now = options.now ?? Date.now;
  }

  asCatalog(): Catalog {
    return {
      config: async () => ({ defaults: {}, overrides: this.options.clientConfig ?? {} }),
      ...namespaceCalls(this.pointers),
      loadTable: (namespace, table) => this.loadTable(namespace, table),
      createTable: (namespace, request) => this.createTable(namespace, request),
      commitTable: (namespace, table, request) => this.commitTable({ namespace, name: table }, request),
      dropTable: (namespace, table, drop) => this.dropTable(namespace, table, drop?.purge ?? false),
      tableExists: async (namespace, table) => (await this.pointers.get(namespace, table)) !== null,
      renameTable: (from, to) => this.renameTable(from, to),
      registerTable: (namespace, name, location) => this.registerTable(namespace, name, location),
      commitTransaction: (commits) => this.commitTransaction(commits),
    };
  }

  private async loadTable(namespace: string, table: string): Promise<LoadTableResult> {
    // A pointer that moves while its old file is being deleted is followed once more.
    for (let attempt = 1; ; attempt++) {
      const location = await this.pointers.get(namespace, table);
      if (location === null) throw noSuchTable(namespace, table);
      try {
        return this.result(location, await this.files.read(location));
      } catch (error) {
        if (attempt === swapAttemptsMax || !isCatalogError(error, 'NoSuchTableException')) throw error;
      }
    }
  }

  private async createTable(namespace: string, request: CreateTableRequest): Promise<LoadTableResult> {
    checkName(request.name, 'table');
    await this.expectNamespace(namespace);
    if ((await this.pointers.get(namespace, request.name)) !== null) throw alreadyExists(namespace, request.name);
    const uuid = randomUUID();
    const location = this.folders.locationOf(namespace, request.name, uuid, request.location);
    const metadata = newTableMetadata(request, { uuid, location, nowMs: this.now() });
    if (request['stage-create']) return { metadata, ...this.clientConfig() };
    return this.publishNew(namespace, request.name, metadata);
  }

  private async publishNew(namespace: string, name: string, metadata: TableMetadata): Promise<LoadTableResult> {
    const next = await this.files.write(metadata, undefined);
    if (await this.swap([{ namespace, table: name, expected: null, next }])) return this.result(next, metadata);
    await this.files.discard([next]);
    await this.expectNamespace(namespace);
    throw alreadyExists(namespace, name);
  }

  private async commitTable(id: TableIdentifier, request: CommitRequest): Promise<LoadTableResult> {
    for (let attempt = 1; ; attempt++) {
      const prepared = await this.prepare(id, request);
      if (prepared.next === prepared.expected) return this.result(prepared.next, prepared.metadata);
      if (await this.swap([prepared])) {
        await this.files.discard(prepared.outdated);
        return this.result(prepared.next, prepared.metadata);
      }
      await this.files.discard([prepared.next]);
      if (attempt === swapAttemptsMax) {
        throw new CatalogError('CommitFailedException', `Table ${id.namespace}.${id.name} keeps changing, try again`);
      }
    }
  }

  private async commitTransaction(
    commits: readonly (CommitRequest & { readonly identifier: TableIdentifier })[],
  ): Promise<void> {
    const prepared: PreparedCommit[] = [];
    let swapped = false;
    try {
      for (const commit of commits) prepared.push(await this.prepare(commit.identifier, commit));
      const changes = prepared.filter((commit) => commit.next !== commit.expected);
      swapped = await this.swap(changes);
      if (!swapped)
        throw new CatalogError('CommitFailedException', 'A table of the transaction has changed, try again');
      await this.files.discard(changes.flatMap((commit) => commit.outdated));
    } catch (error) {
      const unused = prepared.filter((commit) => commit.next !== commit.expected).map((commit) => commit.next);
      if (!swapped && !isCatalogError(error, 'CommitStateUnknownException')) await this.files.discard(unused);
      throw error;
    }
  }

  /** Works a commit out on the table as it is now, and writes its metadata file unless nothing changes. */
  private async prepare(id: TableIdentifier, request: CommitRequest): Promise<PreparedCommit> {
    const { namespace, name } = id;
    const pointer = { namespace, table: name };
    const creates = request.requirements.some((requirement) => requirement.type === 'assert-create');
    if (creates) {
      const metadata = await this.applyCreation(id, request);
      return { ...pointer, expected: null, next: await this.files.write(metadata, undefined), metadata, outdated: [] };
    }
    const { 'metadata-location': expected, metadata: base } = await this.loadTable(namespace, name);
    checkRequirements(base, request.requirements);
    const changed = applyUpdates(base, request.updates, this.now());
    if (changed === base) return { ...pointer, expected: expected!, next: expected!, metadata: base, outdated: [] };
    if (changed.location !== base.location) this.folders.checkLocation(namespace, changed.location);
    const { metadata, outdated } = logPrevious(changed, base, expected!);
    return { ...pointer, expected: expected!, next: await this.files.write(metadata, expected), metadata, outdated };
  }

  /** A staged table becomes real. */
  private async applyCreation({ namespace, name }: TableIdentifier, request: CommitRequest): Promise<TableMetadata> {
    checkName(name, 'table');
    await this.expectNamespace(namespace);
    const existing = await this.pointers.get(namespace, name);
    if (existing !== null) throw alreadyExists(namespace, name);
    checkRequirements(undefined, request.requirements);
    const uuid = randomUUID();
    const location = this.folders.locationOf(namespace, name, uuid);
    const metadata = applyUpdates(emptyMetadata(uuid, location), request.updates, this.now());
    this.folders.checkLocation(namespace, metadata.location);
    if (metadata.schemas.length === 0 || metadata['default-spec-id'] < 0 || metadata['default-sort-order-id'] < 0) {
      throw new CatalogError('BadRequestException', 'A new table needs a schema, a partition spec and a sort order');
    }
    return metadata;
  }

  private async dropTable(namespace: string, table: string, purge: boolean): Promise<void> {
    for (let attempt = 1; attempt <= swapAttemptsMax; attempt++) {
      const location = await this.pointers.get(namespace, table);
      if (location === null) throw noSuchTable(namespace, table);
      const metadata = purge ? await this.files.read(location).catch(() => undefined) : undefined;
      if (!(await this.swap([{ namespace, table, expected: location, next: null }]))) continue;
      if (metadata) await this.folders.purge(namespace, metadata.location);
      return;
    }
    throw new CatalogError('CommitFailedException', `Table ${namespace}.${table} keeps changing, try again`);
  }

  private async renameTable(from: TableIdentifier, to: TableIdentifier): Promise<void> {
    checkName(to.name, 'table');
    if (from.namespace !== to.namespace) {
      await this.expectNamespace(to.namespace);
      throw new CatalogError('UnsupportedOperationException', 'A table cannot be moved to another namespace');
    }
    for (let attempt = 1; attempt <= swapAttemptsMax; attempt++) {
      const location = await this.pointers.get(from.namespace, from.name);
      if (location === null) throw noSuchTable(from.namespace, from.name);
      if ((await this.pointers.get(to.namespace, to.name)) !== null) throw alreadyExists(to.namespace, to.name);
      const removal = { namespace: from.namespace, table: from.name, expected: location, next: null };
      const arrival = { namespace: to.namespace, table: to.name, expected: null, next: location };
      if (await this.swap([removal, arrival])) return;
    }
    throw new CatalogError('CommitFailedException', `Table ${from.namespace}.${from.name} keeps changing, try again`);
  }

  private async registerTable(namespace: string, name: string, location: string): Promise<LoadTableResult> {
    checkName(name, 'table');
    await this.expectNamespace(namespace);
    this.folders.checkLocation(namespace, location);
    const metadata = await this.files.read(location);
    this.folders.checkLocation(namespace, metadata.location);
    if (await this.swap([{ namespace, table: name, expected: null, next: location }]))
      return this.result(location, metadata);
    throw alreadyExists(namespace, name);
  }

  private async swap(changes: readonly PointerChange[]): Promise<boolean> {
    try {
      const [only, ...others] = changes;
      if (!only) return true;
      if (others.length > 0) return await this.pointers.compareAndSwapAll(changes);
      return await this.pointers.compareAndSwap(only.namespace, only.table, only.expected, only.next);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new CatalogError('CommitStateUnknownException', `Whether the pointer moved isn't known: ${reason}`, {
        cause,
      });
    }
  }

  private async expectNamespace(namespace: string): Promise<void> {
    if ((await this.pointers.namespaceProperties(namespace)) === undefined) {
      throw new CatalogError('NoSuchNamespaceException', `Namespace does not exist: ${namespace}`);
    }
  }

  private result(location: string, metadata: TableMetadata): LoadTableResult {
    return { 'metadata-location': location, metadata, ...this.clientConfig() };
  }

  private clientConfig(): { config?: Properties } {
    return this.options.clientConfig ? { config: this.options.clientConfig } : {};
  }
}

/** Notes the file that is being replaced, as far back as `write.metadata.previous-versions-max` says. */
function logPrevious(changed: TableMetadata, base: TableMetadata, location: string) {
  const log: readonly MetadataLogEntry[] = [
    ...base['metadata-log'],
    { 'timestamp-ms': base['last-updated-ms'], 'metadata-file': location },
  ];
  const keep = Math.max(1, Number(changed.properties['write.metadata.previous-versions-max'] ?? 100) || 100);
  const deletes = changed.properties['write.metadata.delete-after-commit.enabled'] === 'true';
  const outdated = deletes ? log.slice(0, -keep).map((entry) => entry['metadata-file']) : [];
  return { metadata: { ...changed, 'metadata-log': log.slice(-keep) }, outdated };
}

const noSuchTable = (namespace: string, table: string) =>
  new CatalogError('NoSuchTableException', `Table does not exist: ${namespace}.${table}`);

const alreadyExists = (namespace: string, table: string) =>
  new CatalogError('AlreadyExistsException', `Table already exists: ${namespace}.${table}`);
