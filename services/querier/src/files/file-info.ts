import { open } from 'node:fs/promises';
import { type ColumnChunk, type FileMetaData, readFooter } from '@signaldb/parquet';
import { duckTypeOf, schemaTree } from './parquet-type.ts';

/** A column of a file's top level. */
export interface FileColumn {
  readonly name: string;
  readonly fieldId: number | undefined;
  /** DuckDB's name of its type. */
  readonly type: string;
  /** No row has a value, for certain. */
  readonly isEmpty: boolean;
}

/** What a Parquet file's footer tells. */
export interface FileInfo {
  readonly rows: number;
  readonly columns: ReadonlyMap<string, FileColumn>;
}

/** Reads a file's footer. @throws ParquetError */
export async function readFileInfo(path: string): Promise<FileInfo> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const read = async (start: number, end: number): Promise<Uint8Array> => {
      const bytes = Buffer.allocUnsafe(end - start);
      const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
      return bytes.subarray(0, bytesRead);
    };
    return infoOf(await readFooter({ size, read }));
  } finally {
    await file.close();
  }
}

function infoOf(footer: FileMetaData): FileInfo {
  const empty = emptyColumns(footer);
  const columns = schemaTree(footer.schema).children.map((node) => {
    const { name, field_id: fieldId } = node.element;
    return [name, { name, fieldId, type: duckTypeOf(node), isEmpty: empty.has(name) }] as const;
  });
  return { rows: footer.num_rows, columns: new Map(columns) };
}

/** Columns all of whose chunks, in all row groups, say that they hold nulls alone. */
function emptyColumns(footer: FileMetaData): Set<string> {
  const empty = new Map<string, boolean>();
  for (const group of footer.row_groups) {
    for (const chunk of group.columns) {
      const name = chunk.meta_data.path_in_schema[0]!;
      empty.set(name, (empty.get(name) ?? true) && isNullsOnly(chunk));
    }
  }
  return new Set([...empty].filter(([, isEmpty]) => isEmpty).map(([name]) => name));
}

function isNullsOnly({ meta_data: chunk }: ColumnChunk): boolean {
  return chunk.statistics?.null_count !== undefined && Number(chunk.statistics.null_count) >= Number(chunk.num_values);
}
