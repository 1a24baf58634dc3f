import { openDatabase } from '@signaldb/duckdb';

/** Reads files as another engine would. */
export interface DuckDbReader {
  /** Rows of a query on Parquet files, which `FILES` in it stands for. */
  query(files: readonly string[], sql: string): Promise<unknown[][]>;
  close(): Promise<void>;
}

export async function openDuckDbReader(): Promise<DuckDbReader> {
  const database = openDatabase({});
  return {
    async query(files, sql) {
      const connection = database.connect();
      try {
        const list = files.map((file) => `'${file.replaceAll("'", "''")}'`).join(', ');
        const result = await connection.query(sql.replaceAll('FILES', `read_parquet([${list}], union_by_name = true)`));
        const rows: unknown[][] = [];
        for await (const batch of result) {
          for (const row of batch) rows.push(batch.schema.fields.map(({ name }) => plain(row[name])));
        }
        return rows;
      } finally {
        await connection.close();
      }
    },
    close: async () => database.close(),
  };
}

/** int64 as text, so that rows compare with what a person writes. */
const plain = (value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);
