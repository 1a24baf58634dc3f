import { currentSchema, currentSnapshot, fieldById, type Mark, marksOf, type TableMetadata } from '@signaldb/iceberg';
import type { Tail } from '../barrier/ask-logs.ts';
import { isOf } from '../barrier/hot-file.ts';
import { baseColumns, columnsOf, signalTableOf, type TableColumn } from './table-columns.ts';

/** What a table is and holds, told without opening a file of it. */
export interface TableOverview {
  readonly name: string;
  /** Names its columns as they are now: other columns have another name. */
  readonly version: string;
  readonly columns: readonly TableColumn[];
  /** Names of the columns that name a row; empty where the table has no such. */
  readonly primaryKey: readonly string[];
  readonly comment: string | undefined;
  /** Of the snapshot and of what isn't committed yet; -1 where another engine's commits don't tell. */
  readonly rows: number;
  readonly bytes: number;
}

/** The overview of a table. Without metadata it is a signal's table that has no commit yet. */
export function tableOverview(name: string, metadata: TableMetadata | undefined, tail: Tail): TableOverview {
  const signal = signalTableOf(name);
  const marks: Readonly<Record<string, Mark>> = metadata === undefined ? {} : marksOf(metadata);
  const hot = tail.files.filter(
    (file) => file.table === name && isOf(file, metadata) && (marks[file.logId]?.lsn ?? 0) < file.lastLsn,
  );
  const snapshot = metadata && currentSnapshot(metadata);
  const total = (key: string, ofHot: number): number => {
    const cold = snapshot === undefined ? 0 : Number(snapshot.summary?.[key] ?? Number.NaN);
    return Number.isFinite(cold) ? cold + ofHot : -1;
  };
  return {
    name,
    version: metadata === undefined ? '' : `${metadata['table-uuid']}/${metadata['current-schema-id']}`,
    columns: metadata === undefined ? baseColumns(signal!) : columnsOf(metadata, signal),
    primaryKey: signal?.primaryKey ?? identifierColumns(metadata!),
    comment: metadata?.properties.comment ?? signal?.comment,
    rows: total(
      'total-records',
      hot.reduce((sum, { rows }) => sum + rows, 0),
    ),
    bytes: total(
      'total-files-size',
      hot.reduce((sum, { bytes }) => sum + bytes, 0),
    ),
  };
}

function identifierColumns(metadata: TableMetadata): string[] {
  const schema = currentSchema(metadata);
  return (schema['identifier-field-ids'] ?? []).flatMap((id) => fieldById(schema, id)?.path.join('.') ?? []);
}
