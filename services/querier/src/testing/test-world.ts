import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  appendFiles,
  type Catalog,
  createCatalog,
  createMemoryPointers,
  currentSchema,
  evolveTable,
  isCatalogError,
  type Mark,
  marksOf,
  type NewDataFile,
  signalTableRequest,
} from '@signaldb/iceberg';
import { createLocalStore, type ObjectStore } from '@signaldb/object-store';
import { conformBatch, createSignalAppender, type Signal, signalTables } from '@signaldb/otlp';
import {
  bytesReader,
  columnsOfIceberg,
  concatFiles,
  createEncoder,
  dataFileMetrics,
  type EncodedFile,
  readFooter,
} from '@signaldb/parquet';
import { type Field, type RecordBatch, Schema } from 'apache-arrow';
import { ScriptedCluster } from './scripted-cluster.ts';

/** What a writer would list of a hot file. */
export interface HotFileJson {
  readonly tenant: string;
  readonly table: string;
  readonly log_id: string;
  readonly epoch: number;
  readonly first_lsn: number;
  readonly last_lsn: number;
  readonly [key: string]: unknown;
}

interface KeptFile {
  readonly json: HotFileJson;
  readonly encoded: EncodedFile;
  readonly batchSchema: Schema;
}

const logId = 'log-1';

/**
 * A store, a catalog, and one acceptor and one writer that answer as real ones would: rows are written as hot files, and committed when a
 * test says so. For a tenant of a test.
 */
export class TestWorld {
  readonly dir: string;
  readonly store: ObjectStore;
  readonly catalog: Catalog;
  readonly cluster = new ScriptedCluster();
  readonly #encoder = createEncoder({ workers: 0 });
  #lsn = 0;
  #serial = 0;
  #hot: KeptFile[] = [];
  readonly #fields = new Map<string, Map<string, Field>>();

  private constructor(dir: string) {
    this.dir = dir;
    this.store = createLocalStore({ dir: join(dir, 'warehouse') });
    this.catalog = createCatalog({ store: this.store, pointers: createMemoryPointers() });
    this.cluster.addService('acceptor', 'acceptor-1', { barrier: () => [this.logEnd()] });
    this.cluster.addService('writer', 'writer-1', {
      hot_files: ({ tenant, tables }) => [{ files: this.hotFiles(tenant as string, tables as string[]), missing: [] }],
    });
    this.cluster.addLog({ logId, acceptorId: 'acceptor-1', writerId: 'writer-1', epoch: 1 });
  }

  static async open(): Promise<TestWorld> {
    const dir = await mkdtemp(join(tmpdir(), 'querier-'));
    await mkdir(join(dir, 'hot'));
    return new TestWorld(dir);
  }

  logEnd() {
    return { log_id: logId, epoch: 1, lsn: this.#lsn, writer_id: 'writer-1' };
  }

  hotFiles(tenant: string, tables: readonly string[] = Object.keys(signalTables)): HotFileJson[] {
    return this.#hot.map(({ json }) => json).filter((file) => file.tenant === tenant && tables.includes(file.table));
  }

  /** Takes an OTLP request in JSON, as one LSN, and cuts it to hot files at once. */
  async write(signal: Signal, request: object, tenant = 'default'): Promise<number> {
    return this.writeBytes(signal, Buffer.from(JSON.stringify(request)), 'json', tenant);
  }

  async writeBytes(
    signal: Signal,
    body: Uint8Array,
    encoding: 'json' | 'protobuf',
    tenant = 'default',
  ): Promise<number> {
    return this.writeMany(signal, [body], encoding, tenant);
  }

  /** Several requests that end up in one hot file a table and hour. */
  async writeMany(
    signal: Signal,
    bodies: Iterable<Uint8Array>,
    encoding: 'json' | 'protobuf',
    tenant = 'default',
  ): Promise<number> {
    const appender = createSignalAppender({ signal });
    for (const body of bodies) {
      appender.append(body, encoding);
      appender.commit(++this.#lsn);
    }
    for (const { table, batch: sealed, firstLsn, lastLsn } of appender.seal()) {
      const isTraces = table === 'traces';
      const batch = this.#conformed(`${tenant} ${table}`, sealed);
      const encoded = await this.#encoder.encode([batch], {
        order: isTraces ? 'trace' : ['service_name', 'time'],
        splitByHour: true,
        timeColumn: signalTables[table].timeColumn,
        traceSidecars: isTraces,
      });
      for (const file of encoded)
        await this.#addHot(file, batch.schema, { tenant, table, first_lsn: firstLsn, last_lsn: lastLsn });
    }
    return this.#lsn;
  }

  /** A column has one type: the first that came. Values of others go to the overflow. */
  #conformed(table: string, batch: RecordBatch): RecordBatch {
    const known = this.#fields.get(table) ?? new Map<string, Field>();
    this.#fields.set(table, known);
    for (const field of batch.schema.fields) if (!known.has(field.name)) known.set(field.name, field);
    return conformBatch(batch, new Schema(batch.schema.fields.map((field) => known.get(field.name)!)));
  }

  async #addHot(
    encoded: EncodedFile,
    batchSchema: Schema,
    origin: Pick<HotFileJson, 'tenant' | 'table' | 'first_lsn' | 'last_lsn'>,
  ): Promise<void> {
    const name = `${++this.#serial}.parquet`;
    const path = join(this.dir, 'hot', name);
    await writeFile(path, encoded.bytes);
    if (encoded.traceFilter) await writeFile(`${path}.trace-filter`, encoded.traceFilter);
    if (encoded.traceIndex) await writeFile(`${path}.trace-index.parquet`, encoded.traceIndex);
    const json: HotFileJson = {
      ...origin,
      log_id: logId,
      epoch: 1,
      rows: encoded.rows,
      bytes: encoded.bytes.length,
      min_time: encoded.minTime?.toString(),
      max_time: encoded.maxTime?.toString(),
      path,
      name,
      trace_index: encoded.traceFilter !== undefined,
    };
    this.#hot.push({ json, encoded, batchSchema });
  }

  /** Commits all hot files. They stay listed until `forgetCommitted`. */
  async commit(): Promise<void> {
    const groups = Map.groupBy(this.#hot, ({ json }) => `${json.tenant} ${json.table}`);
    for (const files of groups.values()) {
      const { tenant, table } = files[0]!.json;
      const marks = await this.#marks(tenant, table);
      const fresh = files.filter(({ json }) => json.last_lsn > (marks[logId]?.lsn ?? 0));
      if (fresh.length > 0) await this.#commit(tenant, table, fresh, marks);
    }
  }

  async #marks(tenant: string, table: string): Promise<Record<string, Mark>> {
    try {
      return marksOf((await this.catalog.loadTable(tenant, table)).metadata);
    } catch (error) {
      if (!isCatalogError(error)) throw error;
      if (!(await this.catalog.namespaceExists(tenant))) await this.catalog.createNamespace(tenant);
      const signal = signalTables[table as keyof typeof signalTables];
      await this.catalog.createTable(
        tenant,
        signalTableRequest({ ...signal, schema: signal.baseSchema, sortBy: signal.sortKey }),
      );
      return {};
    }
  }

  async #commit(
    tenant: string,
    table: string,
    files: readonly KeptFile[],
    expected: Record<string, Mark>,
  ): Promise<void> {
    let base = await this.catalog.loadTable(tenant, table);
    for (const { batchSchema } of files) base = await evolveTable(this.catalog, tenant, table, batchSchema, { base });
    const columns = columnsOfIceberg(currentSchema(base.metadata).fields);
    const added = await Promise.all(
      files.map(async ({ encoded }) => {
        const file = concatFiles(
          [{ reader: bytesReader(encoded.bytes), footer: await readFooter(encoded.bytes) }],
          columns,
        );
        const chunks: Uint8Array[] = [];
        for await (const chunk of file.bytes()) chunks.push(chunk.slice());
        const key = `${this.store.keyOf(base.metadata.location)}/data/${randomUUID()}.parquet`;
        await this.store.put(key, Buffer.concat(chunks));
        if (encoded.traceFilter) {
          await this.store.put(`${key}.trace-filter`, encoded.traceFilter);
          await this.store.put(`${key}.trace-index.parquet`, encoded.traceIndex!);
        }
        return {
          ...dataFileMetrics(file.footer),
          'file-path': this.store.uri(key),
          'file-size-in-bytes': file.size,
          partition: [encoded.hour!],
        } satisfies NewDataFile;
      }),
    );
    const lsn = Math.max(...files.map(({ json }) => json.last_lsn));
    await appendFiles({
      catalog: this.catalog,
      store: this.store,
      ns: tenant,
      table,
      files: added,
      marks: { [logId]: { epoch: 1, lsn } },
      expectedMarks: { [logId]: expected[logId] },
    });
  }

  /** Drops hot files from the writer's list, and from its disk. */
  async forgetHot(): Promise<void> {
    for (const { json } of this.#hot) await rm(json.path as string, { force: true });
    this.#hot = [];
  }

  async close(): Promise<void> {
    await this.#encoder.close();
    await rm(this.dir, { recursive: true, force: true });
  }
}
