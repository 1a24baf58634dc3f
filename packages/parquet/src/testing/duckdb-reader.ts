import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';

/** DuckDB as the reader that knows nothing of this package. */
export interface DuckDbReader {
  /** Rows of a query on a file, which `FILE` in it stands for. int64 comes as text. */
  query(file: Uint8Array, sql?: string): Promise<unknown[][]>;
  close(): Promise<void>;
}

export async function openDuckDbReader(): Promise<DuckDbReader> {
  const dir = await mkdtemp(join(tmpdir(), 'signaldb-parquet-'));
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  let files = 0;
  return {
    async query(file, sql = 'from FILE') {
      const path = join(dir, `${++files}.parquet`);
      await writeFile(path, file);
      const reader = await connection.runAndReadAll(sql.replaceAll('FILE', `'${path}'`));
      return reader.getRowsJson() as unknown[][];
    },
    async close() {
      connection.closeSync();
      instance.closeSync();
      await rm(dir, { recursive: true });
    },
  };
}
