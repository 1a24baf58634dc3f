import { Field, Float64, Int64, Schema, TimestampMicrosecond, Utf8 } from 'apache-arrow';
import type { Catalog } from '../catalog.ts';
import type { NewDataFile } from '../data-file.ts';
import { createMemoryPointers, type PointerStore } from '../pointers.ts';
import { createCatalog } from '../server-catalog.ts';
import { signalTableRequest } from '../signal-table.ts';
import { createMemoryStore, type MemoryStore } from './memory-store.ts';

export const tracesSchema = new Schema([
  new Field('hour', new TimestampMicrosecond('UTC'), true),
  new Field('trace_id', new Utf8(), false),
  new Field('start_time', new Int64(), false),
  new Field('value', new Float64(), true),
]);

export interface TestCatalog {
  readonly store: MemoryStore;
  readonly pointers: PointerStore;
  readonly catalog: Catalog;
}

/** A catalog in memory with the namespace `default`. */
export async function createTestCatalog(now?: () => number): Promise<TestCatalog> {
  const store = createMemoryStore();
  const pointers = createMemoryPointers();
  const catalog = createCatalog({ store, pointers, ...(now ? { now } : {}) });
  await catalog.createNamespace('default');
  return { store, pointers, catalog };
}

/** The same with a table `traces` partitioned by hour. */
export async function createTestTable(properties: Record<string, string> = {}): Promise<TestCatalog> {
  const test = await createTestCatalog();
  await test.catalog.createTable('default', signalTableRequest({ name: 'traces', schema: tracesSchema, properties }));
  return test;
}

/** A data file of one hour; nothing lies behind its path. */
export function dataFile(name: string, rows = 10, hour = 490_000): NewDataFile {
  return {
    'file-path': `memory://warehouse/default/traces/data/${name}.parquet`,
    'file-size-in-bytes': rows * 100,
    'record-count': rows,
    partition: [hour],
  };
}
