// Hot files become the files of the table: row groups put together, small ones sorted together first, uploaded.
import { randomUUID } from 'node:crypto';
import { type FileHandle, open, readFile, rm, writeFile } from 'node:fs/promises';
import { currentSchema, type NewDataFile, type TableMetadata } from '@signaldb/iceberg';
import {
  type ByteReader,
  bytesReader,
  type ColumnNode,
  type ConcatenatedFile,
  type ConcatPart,
  columnsOfIceberg,
  concatFiles,
  dataFileMetrics,
  type EncodedFile,
  type FileMetaData,
  mergeTraceFilters,
  ParquetError,
  readFooter,
  traceIndexColumns,
} from '@signaldb/parquet';
import type { Cut } from './cut.ts';
import { type HotFile, sidecarSuffixes } from './hot-files.ts';
import { type PartitionTuple, partitionPath, tupleKey } from './partitioning.ts';
import { keepTrying } from './retry.ts';
import type { TableState } from './table-state.ts';
import type { WriterContext } from './writer-context.ts';

/** A file whose row groups go into a cold file: hot, or just encoded. */
interface Source {
  readonly partition: PartitionTuple;
  readonly bytes: number;
  readonly rows: number;
  readonly hot?: HotFile;
  readonly encoded?: EncodedFile;
}

/** A file in the object store that no snapshot lists yet. */
export interface ColdFile {
  readonly dataFile: NewDataFile;
  /** The file's and its sidecars'. */
  readonly keys: readonly string[];
}

/** Uploads the rows of cuts as files of the table. The table's schema must have their columns. Rejects when stopped. */
export async function storeCuts(context: WriterContext, state: TableState, cuts: readonly Cut[]): Promise<ColdFile[]> {
  const sources = await sourcesOf(context, state, cuts);
  const cold: ColdFile[] = [];
  for (const group of groupSources(sources, context.config.coldFileBytesMax))
    cold.push(...(await storeGroup(context, state.metadata, group)));
  return cold;
}

/** Deletes files that no snapshot will list. What can't be deleted stays behind, of no harm but its size. */
export async function discardColdFiles({ store, logger }: WriterContext, files: readonly ColdFile[]): Promise<void> {
  const keys = files.flatMap((file) => file.keys);
  if (keys.length === 0) return;
  await store
    .delete(keys)
    .catch((error) => logger.warn({ err: error, keys }, 'files that are not needed could not be deleted'));
}

async function sourcesOf({ encoder }: WriterContext, state: TableState, cuts: readonly Cut[]): Promise<Source[]> {
  const small = cuts.filter((cut) => cut.batches);
  const isMerged = small.length > 1;
  const sources = cuts.filter((cut) => !isMerged || !cut.batches).flatMap((cut) => cut.files.map(hotSource));
  if (!isMerged) return sources;
  const { parts } = await state.layout.encode(
    encoder,
    small.flatMap((cut) => cut.batches!),
  );
  return [
    ...sources,
    ...parts.map(({ encoded, partition }) => ({ partition, encoded, rows: encoded.rows, bytes: encoded.bytes.length })),
  ];
}

const hotSource = (hot: HotFile): Source => ({ partition: hot.partition, hot, rows: hot.rows, bytes: hot.bytes });

/** Sources that become one file each: of one partition, up to a size. */
function groupSources(sources: readonly Source[], bytesMax: number): Source[][] {
  const groups: Source[][] = [];
  for (const own of Map.groupBy(sources, (source) => tupleKey(source.partition)).values()) {
    let bytes = Number.POSITIVE_INFINITY;
    for (const source of own) {
      bytes += source.bytes;
      if (bytes > bytesMax) {
        groups.push([]);
        bytes = source.bytes;
      }
      groups.at(-1)!.push(source);
    }
  }
  return groups;
}

/** One file of all sources, or, where their columns don't go together, one of each. */
async function storeGroup(
  context: WriterContext,
  metadata: TableMetadata,
  group: readonly Source[],
): Promise<ColdFile[]> {
  try {
    return [await storeFile(context, metadata, group)];
  } catch (error) {
    if (!(error instanceof ParquetError) || group.length === 1) throw error;
    const cold: ColdFile[] = [];
    for (const source of group) cold.push(await storeFile(context, metadata, [source]));
    return cold;
  }
}

interface OpenedSource {
  readonly part: ConcatPart;
  readonly close: () => Promise<void>;
}

async function storeFile(
  context: WriterContext,
  metadata: TableMetadata,
  sources: readonly Source[],
): Promise<ColdFile> {
  const opened: OpenedSource[] = [];
  try {
    for (const source of sources) opened.push(await openSource(source.hot?.path, source.encoded?.bytes));
    const parts = opened.map(({ part }) => part);
    const file = concatFiles(parts, columnsPresent(metadata, parts));
    const key = newKey(context, metadata, sources[0]!.partition);
    await uploadConcatenated(context, key, file);
    const sidecars = await storeSidecars(context, key, sources, file.firstRowGroups);
    return {
      keys: [key, ...sidecars],
      dataFile: {
        'file-path': context.store.uri(key),
        'file-size-in-bytes': file.size,
        partition: sources[0]!.partition,
        ...dataFileMetrics(file.footer),
      },
    };
  } finally {
    for (const { close } of opened) await close();
  }
}

async function openSource(path: string | undefined, bytes: Uint8Array | undefined): Promise<OpenedSource> {
  if (bytes) return { part: { reader: bytesReader(bytes), footer: await readFooter(bytes) }, close: async () => {} };
  const handle = await open(path!);
  try {
    const reader = await fileReader(handle);
    return { part: { reader, footer: await readFooter(reader) }, close: () => handle.close() };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function fileReader(handle: FileHandle): Promise<ByteReader> {
  const { size } = await handle.stat();
  return {
    size,
    async read(start, end) {
      const bytes = Buffer.allocUnsafe(end - start);
      for (let done = 0; done < bytes.length; ) {
        const { bytesRead } = await handle.read(bytes, done, bytes.length - done, start + done);
        if (bytesRead === 0) throw new ParquetError('a hot file is cut short');
        done += bytesRead;
      }
      return bytes;
    },
  };
}

/** The table's columns that at least one part has: of the others a file needs nothing to say. */
function columnsPresent(metadata: TableMetadata, parts: readonly ConcatPart[]): ColumnNode[] {
  const present = new Set(parts.flatMap(({ footer }) => columnNames(footer)));
  return columnsOfIceberg(currentSchema(metadata).fields.filter(({ name }) => present.has(name)));
}

function columnNames(footer: FileMetaData): string[] {
  return footer.row_groups[0]?.columns.map((column) => column.meta_data.path_in_schema[0]!) ?? [];
}

function newKey({ store }: WriterContext, metadata: TableMetadata, partition: PartitionTuple): string {
  const folder = [store.keyOf(metadata.location), 'data', partitionPath(metadata, partition)].filter(
    (part) => part !== '',
  );
  return `${folder.join('/')}/${randomUUID()}.parquet`;
}

async function uploadConcatenated(context: WriterContext, key: string, file: ConcatenatedFile): Promise<void> {
  const path = context.hotFiles.scratchPath();
  try {
    await writeFile(path, file.bytes());
    await upload(context, key, { path });
  } finally {
    await rm(path, { force: true });
  }
}

function upload(context: WriterContext, key: string, body: Uint8Array | { path: string }): Promise<void> {
  const { store, logger, stopping, metrics } = context;
  return keepTrying(() => store.put(key, body, { signal: stopping }), {
    what: 'uploading a file',
    logger,
    signal: stopping,
    onFailure: () => metrics.failed('upload'),
  });
}

/** The trace index and filter of a file of spans, put together from its sources'. */
async function storeSidecars(
  context: WriterContext,
  key: string,
  sources: readonly Source[],
  firstRowGroups: readonly number[],
): Promise<string[]> {
  if (!sources.every(({ hot, encoded }) => hot?.hasTraceSidecars ?? encoded?.traceFilter)) return [];
  const filters = await Promise.all(
    sources.map(async ({ hot, encoded }, i) => ({
      filter: encoded?.traceFilter ?? (await readFile(hot!.path + sidecarSuffixes.traceFilter)),
      firstRowGroup: firstRowGroups[i]!,
    })),
  );
  await upload(context, key + sidecarSuffixes.traceFilter, mergeTraceFilters(filters));
  const indexes: ConcatPart[] = [];
  for (const { hot, encoded } of sources) {
    const bytes = encoded?.traceIndex ?? (await readFile(hot!.path + sidecarSuffixes.traceIndex));
    if (bytes.length > 0) indexes.push({ reader: bytesReader(bytes), footer: await readFooter(bytes) });
  }
  await upload(context, key + sidecarSuffixes.traceIndex, await collect(concatFiles(indexes, traceIndexColumns)));
  return [key + sidecarSuffixes.traceFilter, key + sidecarSuffixes.traceIndex];
}

async function collect(file: ConcatenatedFile): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of file.bytes()) chunks.push(chunk);
  return Buffer.concat(chunks);
}
