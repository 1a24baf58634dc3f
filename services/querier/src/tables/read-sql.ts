import { quoteIdentifier, quoteLiteral } from '@signaldb/duckdb';
import type { LocalFile } from '../files/file-access.ts';
import type { FileColumn } from '../files/file-info.ts';
import type { TableColumn } from './table-columns.ts';

/** Files in which the wanted columns are found in the same way: one scan reads them all. */
export interface FileGroup {
  readonly files: readonly LocalFile[];
  /** The column of the files for each table column; absent where they have none, or no value in it. */
  readonly columns: ReadonlyMap<string, FileColumn>;
}

/**
 * All columns of a table: those of its schema, and after them those that files have beyond it (of rows whose commit, which adds them to
 * the schema, is still to come).
 */
export function allColumns(columns: readonly TableColumn[], files: readonly LocalFile[]): TableColumn[] {
  const known = new Map(columns.map((column) => [column.name, column]));
  for (const { info } of files) {
    for (const { name, type, fieldId } of info.columns.values()) {
      // A column with an id is one of the schema, whatever its name was when the file was written, or was dropped from it.
      if (fieldId === undefined && !known.has(name)) known.set(name, { name, type, fieldId: undefined });
    }
  }
  return [...known.values()];
}

/** Puts files together by which of the columns they have. The order of the first of each group stays. */
export function groupFiles(files: readonly LocalFile[], columns: readonly TableColumn[]): FileGroup[] {
  const groups = new Map<string, { files: LocalFile[]; columns: Map<string, FileColumn> }>();
  for (const file of files) {
    const found = columnsIn(file, columns);
    const key = JSON.stringify([...found].map(([name, column]) => [name, column.name, column.type]));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { files: [file], columns: found });
    else group.files.push(file);
  }
  return [...groups.values()];
}

function columnsIn({ info }: LocalFile, columns: readonly TableColumn[]): Map<string, FileColumn> {
  const byId = new Map([...info.columns.values()].map((column) => [column.fieldId, column]));
  const found = new Map<string, FileColumn>();
  for (const { name, fieldId } of columns) {
    const column = (fieldId === undefined ? undefined : byId.get(fieldId)) ?? nameOnly(info.columns.get(name));
    if (column !== undefined && !column.isEmpty) found.set(name, column);
  }
  return found;
}

/** Files without field ids go by names. */
function nameOnly(column: FileColumn | undefined): FileColumn | undefined {
  return column?.fieldId === undefined ? column : undefined;
}

/** SQL of a scan of a group's files, as it stands after FROM. */
export function scanOf({ files }: FileGroup): string {
  return `read_parquet([${files.map(({ path }) => quoteLiteral(path)).join(', ')}])`;
}

/**
 * SQL of a column in a group: NULL where it has none; cast where the file was written with another type. (Such a cast fails for no value
 * of a committed file: types only widen. In a hot file the value will be kept elsewhere when it is committed.)
 */
export function columnOf(group: FileGroup, { name, type }: TableColumn): string {
  const column = group.columns.get(name);
  if (column === undefined) return `NULL::${type}`;
  const quoted = quoteIdentifier(column.name);
  return column.type === type ? quoted : `TRY_CAST(${quoted} AS ${type})`;
}

/** SQL that reads columns of files as one table, under the table's names. */
export function readSql(files: readonly LocalFile[], columns: readonly TableColumn[]): string {
  const list = (expressions: readonly string[]): string =>
    columns.map(({ name }, i) => `${expressions[i]} AS ${quoteIdentifier(name)}`).join(', ');
  const groups = groupFiles(files, columns);
  if (groups.length === 0) return `SELECT ${list(columns.map(({ type }) => `NULL::${type}`))} WHERE false`;
  return groups
    .map((group) => `SELECT ${list(columns.map((column) => columnOf(group, column)))} FROM ${scanOf(group)}`)
    .join(' UNION ALL ');
}
