import { openDatabase } from '@signaldb/duckdb';
import { createRestCatalogClient, currentSnapshot, planFiles } from '@signaldb/iceberg';
import { createLocalStore } from '@signaldb/object-store';
import type { Cluster } from '../system/cluster.ts';

const tracesTable = ['default', 'traces'] as const;

function catalogOf(cluster: Cluster) {
  return createRestCatalogClient({ uri: `http://127.0.0.1:${cluster.ports.flowctlHttp}` });
}

/** The rows that the current snapshot of `traces` says to have. */
export async function committedRows(cluster: Cluster): Promise<number> {
  const { metadata } = await catalogOf(cluster).loadTable(...tracesTable);
  return Number(currentSnapshot(metadata)?.summary['total-records'] ?? 0);
}

/**
 * How often each span id is in the files of the Iceberg table: read as another engine would, past all of SignalDB's
 * processes but the catalog. Undefined where the files aren't in a folder.
 */
export async function spanIdsInFiles(cluster: Cluster): Promise<Map<string, number> | undefined> {
  if (cluster.store.startsWith('s3:')) return undefined;
  const store = await createLocalStore({ dir: cluster.store });
  const { metadata } = await catalogOf(cluster).loadTable(...tracesTable);
  const plan = await planFiles({ metadata, store });
  if (plan.unsupported.length > 0) throw new Error(`the table can't be read: ${plan.unsupported.join(', ')}`);
  const counts = new Map<string, number>();
  if (plan.files.length === 0) return counts;
  const paths = plan.files.map(({ file }) => `'${file['file-path'].replace(/^file:\/\//, '').replaceAll("'", "''")}'`);
  const database = openDatabase({ threads: 1 });
  const connection = database.connect();
  try {
    const sql = `SELECT span_id, count(*) AS n FROM read_parquet([${paths.join(', ')}]) GROUP BY span_id`;
    for await (const batch of await connection.query(sql)) {
      const [ids, numbers] = [batch.getChild('span_id')!, batch.getChild('n')!];
      for (let i = 0; i < batch.numRows; i++) counts.set(ids.get(i), Number(numbers.get(i)));
    }
    return counts;
  } finally {
    connection.close();
    database.close();
    await store.close();
  }
}
