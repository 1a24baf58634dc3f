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
  type FileMetaData,
  mergeTraceFilters,
  ParquetError,
  readFooter,
  traceIndexColumns,
} from '@signaldb/parquet';
import { sidecarSuffixes } from './hot-files.ts';
import { type PartitionTuple, partitionPath } from './partitioning.ts';
import { keepTrying } from './retry.ts';
import { groupSources, type Source } from './sources.ts';
import type { WriterContext } from './writer-context.ts';

/** A file in the object store that no snapshot lists yet. */
export interface ColdFile {
  readonly dataFile: NewDataFile;
  /** The file's and its sidecars'. */
  readonly keys: readonly string[];
}

/** Uploads sources as files of the table, which must have their columns. Rejects when stopped. */
export async function storeSources(
  context: WriterContext,
  metadata: TableMetadata,
  sources: readonly Source[],
): Promise<ColdFile[]> {
  const cold: ColdFile[] = [];
  for (const group of groupSources(sources, context.config.coldFileBytesMax))
    cold.push(...(await storeGroup(context, metadata, group)));
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
    for (const source of sources) opened.push(await openSource(source));
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

async function openSource({ path, encoded }: Source): Promise<OpenedSource> {
  if (encoded) {
    const reader = bytesReader(encoded.bytes);
    return { part: { reader, footer: await readFooter(reader) }, close: async () => {} };
  }
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
        if (bytesRead === 0) throw new ParquetError('a file is cut short');
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
  if (!sources.every(({ hasTraceSidecars }) => hasTraceSidecars)) return [];
  const { traceFilter, traceIndex } = sidecarSuffixes;
  const filters: { filter: Uint8Array; firstRowGroup: number }[] = [];
  const indexes: ConcatPart[] = [];
  for (const [i, { path, encoded }] of sources.entries()) {
    const filter = encoded?.traceFilter ?? (await readFile(path! + traceFilter));
    filters.push({ filter, firstRowGroup: firstRowGroups[i]! });
    const bytes = encoded?.traceIndex ?? (await readFile(path! + traceIndex));
    if (bytes.length > 0) indexes.push({ reader: bytesReader(bytes), footer: await readFooter(bytes) });
  }
  await upload(context, key + traceFilter, mergeTraceFilters(filters));
  await upload(context, key + traceIndex, await collect(concatFiles(indexes, traceIndexColumns)));
  return [key + traceFilter, key + traceIndex];
}

async function collect(file: ConcatenatedFile): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of file.bytes()) chunks.push(chunk);
  return Buffer.concat(chunks);
}
