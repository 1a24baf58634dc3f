import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import {
  appendFiles,
  evolveTable,
  expireSnapshots,
  marksOf,
  type PlannedFile,
  planFiles,
  serializeValue,
  signalTableRequest,
} from '@signaldb/iceberg';
import { Field, Int64, Schema, TimestampMicrosecond, Utf8 } from 'apache-arrow';
import { type CatalogServer, serveCatalog } from '../catalog-server.ts';
import { mavenJar, runJava } from '../java-tool.ts';
import type { SuiteContext } from '../suite.ts';

/** Iceberg's own Java library, on which Spark, Trino and Flink stand, as a client of the catalog: metadata, no rows. */
export const name = 'iceberg-java';

const source = join(import.meta.dirname, '../java/IcebergChecks.java');
const jars = ['org.apache.iceberg:iceberg-spark-runtime-4.1_2.13:1.12.0', 'org.slf4j:slf4j-api:2.0.17'];

type RunJava = (...args: (string | number)[]) => Promise<Record<string, number>>;

export async function run({ cacheDir, log }: SuiteContext): Promise<void> {
  const paths: string[] = [];
  for (const jar of jars) paths.push(await mavenJar(cacheDir, jar, log));
  const folder = await mkdtemp(join(tmpdir(), 'signaldb-iceberg-java-'));
  const server = await serveCatalog(folder);
  const java: RunJava = async (...args) => {
    const output = await runJava(paths.join(delimiter), source, [server.uri, ...args.map(String)]);
    return JSON.parse(output.trim().split('\n').at(-1)!);
  };
  try {
    for (const [what, check] of Object.entries(checks)) {
      const begin = performance.now();
      await check(server, java);
      log(`${what}: ${((performance.now() - begin) / 1000).toFixed(1)} s`);
    }
  } finally {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

const schema = new Schema([
  new Field('hour', new TimestampMicrosecond('UTC'), true),
  new Field('trace_id', new Utf8(), false),
  new Field('start_time', new Int64(), false),
]);

const rowsOf = (files: readonly PlannedFile[]) => files.reduce((sum, { file }) => sum + file['record-count'], 0);

const checks: Record<string, (server: CatalogServer, java: RunJava) => Promise<void>> = {
  async 'every kind of commit by Java, planned here'({ catalog, store }, java) {
    const seen = await java('own');
    const { metadata } = await catalog.loadTable('java', 'events');
    const all = await planFiles({ metadata, store });
    assert.deepEqual(all.unsupported, []);
    assert.deepEqual([rowsOf(all.files), all.files.length], [seen.rows, seen.files]);
    const early = await planFiles({ metadata, store, where: [{ column: 'start_time', max: 490_003_999n }] });
    assert.equal(rowsOf(early.files), seen.early);
    assert.deepEqual(Object.keys(metadata.refs).sort(), ['dev', 'main', 'v1']);
    const { metadata: deleted } = await catalog.loadTable('java', 'deleted');
    assert.deepEqual((await planFiles({ metadata: deleted, store })).unsupported, ['equality delete files']);
  },

  async 'commits from here, merged, evolved and expired, read by Java'(server, java) {
    const { catalog, store } = server;
    const properties = { 'commit.manifest.min-count-to-merge': '4' };
    await catalog.createTable(
      'default',
      signalTableRequest({ name: 'traces', schema, properties, sortBy: ['trace_id'] }),
    );
    for (let i = 0; i < 14; i++) await append(server, 'traces', i);
    const more = new Schema([...schema.fields, new Field('span.http.method', new Utf8(), true)]);
    await evolveTable(catalog, 'default', 'traces', more);
    const table = { catalog, store, ns: 'default', table: 'traces' };
    const { filesToDelete } = await expireSnapshots({ ...table, olderThanMs: Date.now() + 1000, retainLast: 2 });
    await store.delete(filesToDelete.map((file) => store.keyOf(file)));
    const seen = await java('read', 'traces', 490_003);
    assert.deepEqual(seen, { rows: 140, files: 14, hour_rows: 30, hour_files: 3, columns: 4 });
  },

  async 'Java and TypeScript commit at once'(server, java) {
    const { catalog } = server;
    await catalog.createTable('default', signalTableRequest({ name: 'busy', schema }));
    let areDone = false;
    const others = Promise.all([java('append', 'busy', 15)]).finally(() => {
      areDone = true;
    });
    let own = 0;
    // With pauses, so that the other side, which waits longer after each conflict, comes through.
    for (; !areDone || own < 20; own++) {
      await append(server, 'busy', own);
      await setTimeout(20);
    }
    await others;
    const seen = await java('read', 'busy', 490_000);
    assert.equal(seen.rows, own * 10 + 150);
    const { metadata } = await catalog.loadTable('default', 'busy');
    assert.deepEqual(marksOf(metadata), { [logId]: { epoch: 1, lsn: own } });
  },
};

const logId = 'acceptor-1';

/** A file of ten rows; Java looks at what the manifests say, not into it. */
async function append({ catalog, store }: CatalogServer, table: string, part: number): Promise<void> {
  const { metadata } = await catalog.loadTable('default', table);
  const hour = 490_000 + (part % 4);
  const bounds = (value: bigint) =>
    new Map([
      [3, serializeValue('long', value)],
      [1, serializeValue('timestamptz', BigInt(hour) * 3_600_000_000n)],
    ]);
  const file = {
    'file-path': `${metadata.location}/data/part-${part}.parquet`,
    'file-size-in-bytes': 1000,
    'record-count': 10,
    partition: [hour],
    'value-counts': new Map([
      [1, 10],
      [3, 10],
    ]),
    'null-value-counts': new Map([
      [1, 0],
      [3, 0],
    ]),
    'lower-bounds': bounds(BigInt(part)),
    'upper-bounds': bounds(BigInt(part) + 9n),
  };
  const before = marksOf(metadata)[logId];
  const marks = { [logId]: { epoch: 1, lsn: (before?.lsn ?? 0) + 1 } };
  await appendFiles({
    catalog,
    store,
    ns: 'default',
    table,
    files: [file],
    marks,
    expectedMarks: before ? { [logId]: before } : {},
  });
}
