import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import {
  appendFiles,
  evolveTable,
  expireSnapshots,
  marksOf,
  type NewDataFile,
  planFiles,
  signalTableRequest,
} from '@signaldb/iceberg';
import { Field, Int64, Schema, TimestampMicrosecond, Utf8 } from 'apache-arrow';
import { type CatalogServer, serveCatalog } from '../catalog-server.ts';
import { pythonVenv } from '../python-venv.ts';
import type { SuiteContext } from '../suite.ts';
import { checkSignalTables } from './pyiceberg/signals.ts';

/** PyIceberg and DuckDB against the catalog: they write what SignalDB reads, and read what SignalDB writes. */
export const name = 'pyiceberg';

const packages = [
  'pyiceberg==0.12.0',
  'pyiceberg-core==0.11.0',
  'pyarrow==26.0.1',
  // DuckDB finds its extensions in the index for this version; it can't fetch them itself without its own server.
  'duckdb==1.5.5',
  'duckdb-extension-avro==1.5.5',
  'duckdb-extension-httpfs==1.5.5',
  'duckdb-extension-iceberg==1.5.5',
];

interface Setup extends CatalogServer {
  readonly folder: string;
  python(script: string, ...args: (string | number)[]): Promise<Record<string, unknown>>;
}

export async function run(context: SuiteContext): Promise<void> {
  const venv = await pythonVenv(context.cacheDir, packages, context.log);
  const folder = await mkdtemp(join(tmpdir(), 'signaldb-pyiceberg-'));
  const server = await serveCatalog(folder);
  const script = (file: string) => join(import.meta.dirname, 'pyiceberg', `${file}.py`);
  const python: Setup['python'] = (file, ...args) => venv.run(script(file), args.map(String));
  try {
    for (const [what, check] of Object.entries(checks)) {
      const begin = performance.now();
      await check({ ...server, folder, python });
      context.log(`${what}: ${((performance.now() - begin) / 1000).toFixed(1)} s`);
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

const checks: Record<string, (setup: Setup) => Promise<void>> = {
  async 'PyIceberg writes its own table, SignalDB plans it'({ python, uri, catalog, store }) {
    const seen = (await python('own_table', uri)) as { rows: number; hours: number };
    assert.equal(seen.rows, 200 - 10 + 50 - 10 + 5 + 10);
    const { metadata } = await catalog.loadTable('py', 'events');
    const all = await planFiles({ metadata, store });
    assert.deepEqual(all.unsupported, []);
    assert.equal(rowsOf(all.files), seen.rows);
    const begin = BigInt(Date.UTC(2026, 2, 2)) * 1000n;
    const later = await planFiles({ metadata, store, where: [{ column: 'time', min: begin }] });
    assert.equal(rowsOf(later.files), seen.hours);
    assert.ok(later.counts.filesSkipped > 0 || later.counts.manifestsSkipped > 0);
    const first = await planFiles({ metadata, store, where: [{ column: 'id', min: 0n, max: 99n }] });
    assert.equal(rowsOf(first.files), 90);
  },

  async 'DuckDB writes its own table, SignalDB sees its delete files'({ python, uri, catalog, store }) {
    const seen = (await python('duckdb_table', uri)) as { rows: number };
    assert.equal(seen.rows, 180);
    const { metadata } = await catalog.loadTable('py', 'ducks');
    const blind = await planFiles({ metadata, store });
    assert.deepEqual(blind.unsupported, ['position delete files']);
    const plan = await planFiles({ metadata, store, supports: { positionDeletes: true } });
    assert.deepEqual(plan.unsupported, []);
    const deletes = new Map(plan.files.flatMap(({ deletes }) => deletes.map((file) => [file['file-path'], file])));
    const deleted = [...deletes.values()].reduce((sum, file) => sum + file['record-count'], 0);
    assert.equal(rowsOf(plan.files) - deleted, seen.rows);
  },

  async 'SignalDB writes, PyIceberg and DuckDB read'(setup) {
    const { catalog, uri, python } = setup;
    await catalog.createTable('default', signalTableRequest({ name: 'traces', schema, sortBy: ['trace_id'] }));
    await evolveTable(catalog, 'default', 'traces', withColumns('span.http.method'));
    await appendEach(setup, 'traces', await writeParts(setup, 0, 6));
    await appendEach(setup, 'traces', await writeParts(setup, 6, 6, 'span.http.method'));
    await evolveTable(catalog, 'default', 'traces', withColumns('span.http.method', 'resource.host.name'));
    await appendEach(setup, 'traces', await writeParts(setup, 12, 1, 'span.http.method,resource.host.name'));
    const seen = await python('read_table', uri, 'default.traces');
    const columns = ['hour', 'trace_id', 'start_time', 'span.http.method', 'resource.host.name'];
    const facts = { rows: 1300, distinct: 1300, files: 13, columns };
    assert.deepEqual(seen.rest, facts);
    assert.deepEqual(seen.static, facts);
    assert.deepEqual(seen.one_hour, { rows: 300, files: 3 });
    assert.deepEqual(seen.duckdb, { rows: 1300, distinct: 1300, hours: 5 });
  },

  async 'the running system writes, PyIceberg and DuckDB read'({ python, folder }) {
    await checkSignalTables(folder, python);
  },

  async 'merged manifests and expired snapshots leave the same rows'(setup) {
    const { catalog, store, uri, python } = setup;
    const properties = { 'commit.manifest.min-count-to-merge': '4' };
    await catalog.createTable('default', signalTableRequest({ name: 'merged', schema, properties }));
    await appendEach(setup, 'merged', await writeParts(setup, 100, 10));
    const table = { catalog, store, ns: 'default', table: 'merged' };
    const { metadata, filesToDelete } = await expireSnapshots({ ...table, olderThanMs: Date.now() + 1000 });
    await store.delete(filesToDelete.map((file) => store.keyOf(file)));
    assert.equal(metadata.snapshots.length, 1);
    const seen = await python('read_table', uri, 'default.merged');
    for (const reader of ['rest', 'static', 'duckdb'] as const) {
      assert.equal((seen[reader] as { distinct: number }).distinct, 1000, reader);
      assert.equal((seen[reader] as { rows: number }).rows, 1000, reader);
    }
  },

  async 'writers in Python and TypeScript at once lose and double nothing'(setup) {
    const { catalog, uri, python } = setup;
    await catalog.createTable('default', signalTableRequest({ name: 'busy', schema }));
    const parts = await writeParts(setup, 1000, 60);
    const pythons = [0, 1, 2].map((writer) => python('append', uri, 'default.busy', writer, 6, 10));
    let areDone = false;
    const all = Promise.all(pythons).finally(() => {
      areDone = true;
    });
    // Slowly, so that the commits of both kinds meet; the rest at once when the others have ended.
    for (const part of parts) {
      await appendEach(setup, 'busy', [part]);
      if (!areDone) await setTimeout(100);
    }
    await all;
    const seen = await python('read_table', uri, 'default.busy');
    const rows = 3 * 6 * 10 + 60 * 100;
    assert.equal((seen.rest as { rows: number }).rows, rows);
    assert.equal((seen.rest as { distinct: number }).distinct, rows);
    assert.equal((seen.duckdb as { rows: number }).rows, rows);
    const { metadata } = await catalog.loadTable('default', 'busy');
    assert.deepEqual(marksOf(metadata), { [logId]: { epoch: 1, lsn: 60 } });
    assert.equal(metadata.snapshots.length, 78);
  },
};

const withColumns = (...names: string[]) =>
  new Schema([...schema.fields, ...names.map((column) => new Field(column, new Utf8(), true))]);

const rowsOf = (files: readonly { readonly file: NewDataFile }[]) =>
  files.reduce((sum, { file }) => sum + file['record-count'], 0);

interface Part {
  readonly path: string;
  readonly bytes: number;
  readonly rows: number;
  readonly hour: number;
}

/** Files of 100 rows each, as a writer has them before it uploads them. */
async function writeParts(setup: Setup, first: number, count: number, columns = ''): Promise<Part[]> {
  const written = await setup.python('write_parts', join(setup.folder, 'parts'), first, count, 100, columns);
  return written.parts as Part[];
}

/** Uploads each file and commits it, with a mark of its own. */
async function appendEach(setup: Setup, table: string, parts: readonly Part[]): Promise<void> {
  const { catalog, store } = setup;
  for (const { path, bytes, rows, hour } of parts) {
    const { metadata } = await catalog.loadTable('default', table);
    const uri = `${metadata.location}/data/${basename(path)}`;
    await store.put(store.keyOf(uri), { path });
    const file = { 'file-path': uri, 'file-size-in-bytes': bytes, 'record-count': rows, partition: [hour] };
    const before = marksOf(metadata)[logId];
    const marks = { [logId]: { epoch: 1, lsn: (before?.lsn ?? 0) + 1 } };
    const expectedMarks = before ? { [logId]: before } : {};
    await appendFiles({ catalog, store, ns: 'default', table, files: [file], marks, expectedMarks });
  }
}

const logId = 'acceptor-1';
