// Many small files of a partition become one: rows sorted together anew, or, where the row groups are large enough,
// put together as they are.
import { rm } from 'node:fs/promises';
import type { Database } from '@signaldb/duckdb';
import { quoteLiteral } from '@signaldb/duckdb';
import { type DataFile, FilesChangedError, planFiles, replaceFiles } from '@signaldb/iceberg';
import { ObjectStoreError } from '@signaldb/object-store';
import { discardColdFiles, storeSources } from './cold-files.ts';
import { sidecarSuffixes } from './hot-files.ts';
import { tupleKey } from './partitioning.ts';
import { encodedSource, type Source } from './sources.ts';
import { signalTableOf } from './table-layout.ts';
import { smallCutRowsMax, type TableWriter } from './table-writer.ts';
import type { WriterContext } from './writer-context.ts';

/** Rows that are sorted together at most: they are in memory. */
const sortedRowsMax = 120_000;
/** Files put together at once. */
const filesMax = 64;
/** Files whose sizes differ by less than this factor are put together, so that a row is written few times in its life. */
const sizeFactor = 8;

/** Compacts one group of files of a signal's table, where there is one. Tells whether it did. */
export async function compactTable(
  context: WriterContext,
  table: TableWriter,
  database: () => Database,
): Promise<boolean> {
  if (!signalTableOf(table.name)) return false;
  const { store, reader, catalog, stopping } = context;
  const plan = await planFiles({ metadata: table.state.metadata, store, reader });
  if (plan.unsupported.length > 0) return false;
  const candidates = plan.files.filter(({ deletes }) => deletes.length === 0).map(({ file }) => file);
  const group = chooseGroup(context, table, candidates);
  if (!group) return false;
  const local: LocalFile[] = [];
  try {
    for (const file of group) local.push(await fetchFile(context, file));
    const sources = isSortedAnew(group)
      ? await sortTogether(context, table, database(), local)
      : local.map(localSource);
    const cold = await storeSources(context, table.state.metadata, sources);
    try {
      await table.catalogTurn.run(async () => {
        const add = cold.map(({ dataFile }) => dataFile);
        const { base } = table.state;
        table.state.update(
          await replaceFiles({
            catalog,
            store,
            ns: table.tenant,
            table: table.name,
            remove: group,
            add,
            base,
            reader,
            signal: stopping,
          }),
        );
      });
    } catch (error) {
      // Only a clear no: of any other failure it isn't known whether the new files are listed.
      if (error instanceof FilesChangedError) await discardColdFiles(context, cold);
      throw error;
    }
    const rows = group.reduce((sum, file) => sum + file['record-count'], 0);
    context.logger.debug(
      { tenant: table.tenant, table: table.name, files: group.length, into: cold.length, rows },
      'compacted',
    );
    return true;
  } finally {
    for (const { path } of local) {
      for (const suffix of ['', ...Object.values(sidecarSuffixes)]) await rm(path + suffix, { force: true });
    }
  }
}

const isSortedAnew = (group: readonly DataFile[]): boolean =>
  group.every((file) => file['record-count'] < smallCutRowsMax * (file['split-offsets']?.length ?? 1)) &&
  group.reduce((sum, file) => sum + file['record-count'], 0) <= sortedRowsMax;

/** The most numerous group of files of one partition and about one size, as far as it may be put together at once. */
function chooseGroup(
  { config }: WriterContext,
  table: TableWriter,
  files: readonly DataFile[],
): DataFile[] | undefined {
  const specId = table.state.metadata['default-spec-id'];
  const small = files.filter(
    (file) => file['file-size-in-bytes'] < config.compactFileBytesMax && file['spec-id'] === specId,
  );
  const groups = Map.groupBy(small, (file) => `${tupleKey(file.partition)} ${sizeClass(file)}`);
  const chosen = [...groups.values()].reduce<DataFile[]>(
    (best, group) => (group.length > best.length ? group : best),
    [],
  );
  if (chosen.length < config.compactFilesMin) return undefined;
  const taken: DataFile[] = [];
  let rows = 0;
  for (const file of chosen.slice(0, filesMax)) {
    rows += file['record-count'];
    if (rows > sortedRowsMax && taken.length >= config.compactFilesMin) break;
    taken.push(file);
  }
  return taken;
}

const sizeClass = (file: DataFile): number => Math.floor(Math.log(file['file-size-in-bytes']) / Math.log(sizeFactor));

interface LocalFile {
  readonly path: string;
  readonly file: DataFile;
  readonly hasTraceSidecars: boolean;
}

async function fetchFile({ store, hotFiles, stopping }: WriterContext, file: DataFile): Promise<LocalFile> {
  const key = store.keyOf(file['file-path']);
  const path = hotFiles.scratchPath();
  await store.download(key, path, { signal: stopping });
  let hasTraceSidecars = true;
  for (const suffix of Object.values(sidecarSuffixes)) {
    try {
      await store.download(key + suffix, path + suffix, { signal: stopping });
    } catch (error) {
      if (!(error instanceof ObjectStoreError) || error.code !== 'NOT_FOUND') throw error;
      hasTraceSidecars = false; // another engine's file
    }
  }
  return { path, file, hasTraceSidecars };
}

const localSource = ({ path, file, hasTraceSidecars }: LocalFile): Source => ({
  path,
  hasTraceSidecars,
  partition: file.partition,
  bytes: file['file-size-in-bytes'],
});

async function sortTogether(
  context: WriterContext,
  table: TableWriter,
  database: Database,
  local: readonly LocalFile[],
): Promise<Source[]> {
  const connection = database.connect();
  try {
    const paths = local.map(({ path }) => quoteLiteral(path)).join(', ');
    const result = await connection.query(`from read_parquet([${paths}], union_by_name = true)`, {
      signal: context.stopping,
    });
    const { parts } = await table.state.layout.encode(context.encoder, await result.batches());
    return parts.map(encodedSource);
  } finally {
    await connection.close();
  }
}
