import { GrpcError, Status } from '@signaldb/grpc';
import {
  type Catalog,
  currentSchema,
  type DataFile,
  deserializeValue,
  isCatalogError,
  type ManifestReader,
  marksOf,
  planFiles,
  type TableMetadata,
} from '@signaldb/iceberg';
import type { ObjectStore } from '@signaldb/object-store';
import type { SignalTable } from '@signaldb/otlp';
import type { Gap, Tail } from '../barrier/ask-logs.ts';
import { type HotFile, isOf } from '../barrier/hot-file.ts';
import type { TableFile } from '../files/table-file.ts';
import { overlaps, type TimeRange } from '../time-range.ts';
import { baseColumns, columnsOf, signalTableOf, type TableColumn } from './table-columns.ts';

/** All of a table's rows at one moment: immutable files, each row in one of them, once. */
export interface TableSnapshot {
  readonly name: string;
  readonly columns: readonly TableColumn[];
  /** Only those that can hold rows of the times asked for. */
  readonly files: readonly TableFile[];
  /** All that isn't committed yet, whatever its times: it may have columns that the schema doesn't have yet. */
  readonly uncommitted: readonly TableFile[];
  /** Why rows may be missing. */
  readonly reasons: readonly string[];
}

export interface SnapshotOptions {
  readonly catalog: Catalog;
  readonly store: ObjectStore;
  readonly reader: ManifestReader;
}

/** Thrown when a hot file was committed in part, or by another writer, since it was listed: list again. */
export class TailMovedError extends Error {}

/**
 * The table as of now. The tail must have been learned before: what was committed since is in both, and is dropped from the tail.
 * @returns undefined for a table that doesn't exist; the signals' own tables always do
 * @throws TailMovedError, CatalogError; GrpcError UNIMPLEMENTED for files that can't be read rightly
 */
export async function takeSnapshot(
  options: SnapshotOptions,
  table: { readonly tenant: string; readonly name: string; readonly times: TimeRange },
  tail: Tail,
): Promise<TableSnapshot | undefined> {
  const metadata = await loadTable(options.catalog, table.tenant, table.name);
  const signal = signalTableOf(table.name);
  if (metadata === undefined && signal === undefined) return undefined;
  const hot = tail.files.filter((file) => file.table === table.name && isOf(file, metadata));
  const [cold, uncommitted] =
    metadata === undefined ? [[], hot] : await plan(options, metadata, signal, table.times, hot);
  const wanted = uncommitted.filter((file) => overlaps(file.times, table.times));
  return {
    name: table.name,
    columns: metadata === undefined ? baseColumns(signal!) : columnsOf(metadata, signal),
    files: [...wanted.map(hotTableFile), ...cold],
    uncommitted: uncommitted.map(hotTableFile),
    reasons: reasonsOf(tail.gaps, metadata),
  };
}

/** A table's metadata; undefined where there is no such table. @throws CatalogError */
export async function loadTable(catalog: Catalog, tenant: string, name: string): Promise<TableMetadata | undefined> {
  try {
    return (await catalog.loadTable(tenant, name)).metadata;
  } catch (error) {
    if (isCatalogError(error, 'NoSuchTableException') || isCatalogError(error, 'NoSuchNamespaceException'))
      return undefined;
    throw error;
  }
}

async function plan(
  { store, reader }: SnapshotOptions,
  metadata: TableMetadata,
  signal: SignalTable | undefined,
  times: TimeRange,
  hot: readonly HotFile[],
): Promise<[cold: TableFile[], uncommitted: HotFile[]]> {
  const uncommitted = hot.filter((file) => !isCommitted(file, metadata));
  const planned = await planFiles({
    metadata,
    store,
    reader,
    where: signal === undefined ? [] : rangesOf(signal, times),
  });
  if (planned.unsupported.length > 0) {
    throw new GrpcError(
      Status.UNIMPLEMENTED,
      `the table has what can't be read here yet: ${planned.unsupported.join(', ')}`,
    );
  }
  const timeField = signal && currentSchema(metadata).fields.find(({ name }) => name === signal.timeColumn)?.id;
  const isTraces = signal?.name === 'traces';
  return [planned.files.map(({ file }) => coldTableFile(file, timeField, isTraces)), uncommitted];
}

function isCommitted(file: HotFile, metadata: TableMetadata): boolean {
  const mark = marksOf(metadata)[file.logId];
  if (mark === undefined || mark.lsn < file.firstLsn) return false;
  if (mark.lsn >= file.lastLsn) return true;
  throw new TailMovedError(`hot file ${file.name} was committed in part`);
}

const nsPerUs = 1000n;
const hourUs = 3_600_000_000n;
const year2000Ns = 946_684_800_000_000_000n;
const year2100Ns = 4_102_444_800_000_000_000n;

/** What files can be left out by: the rows' own time, and, where no time asked for lies outside of what has an hour, its hour. */
function rangesOf({ timeColumn }: SignalTable, { min, max }: TimeRange) {
  if (min === undefined && max === undefined) return [];
  const byTime = { column: timeColumn, ...(min !== undefined && { min }), ...(max !== undefined && { max }) };
  if (min === undefined || max === undefined || min < year2000Ns || max >= year2100Ns) return [byTime];
  const hourOf = (ns: bigint): bigint => (ns / nsPerUs / hourUs) * hourUs;
  return [byTime, { column: 'hour', min: hourOf(min), max: hourOf(max) }];
}

function coldTableFile(file: DataFile, timeField: number | undefined, isTraces: boolean): TableFile {
  const bound = (side: 'lower-bounds' | 'upper-bounds'): bigint | undefined => {
    const bytes = timeField === undefined ? undefined : file[side]?.get(timeField);
    return bytes === undefined ? undefined : (deserializeValue('long', bytes) as bigint);
  };
  return {
    source: { kind: 'object', uri: file['file-path'] },
    rows: file['record-count'],
    bytes: file['file-size-in-bytes'],
    times: { min: bound('lower-bounds'), max: bound('upper-bounds') },
    hasTraceFilter: isTraces,
  };
}

function hotTableFile({ name, path, location, rows, bytes, times, hasTraceFilter }: HotFile): TableFile {
  return { source: { kind: 'hot', name, path, location }, rows, bytes, times, hasTraceFilter };
}

/** The gaps that concern a table: not those of logs of which it has everything already. */
function reasonsOf(gaps: readonly Gap[], metadata: TableMetadata | undefined): string[] {
  const marks = metadata === undefined ? {} : marksOf(metadata);
  return gaps
    .filter(({ log }) => log === undefined || (marks[log.logId]?.lsn ?? 0) < log.lsn)
    .map(({ reason }) => reason);
}
