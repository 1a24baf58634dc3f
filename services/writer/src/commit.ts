import { GrpcError, Status } from '@signaldb/grpc';
import { appendFiles, isCatalogError, type Mark, MarkMovedError } from '@signaldb/iceberg';
import { type ColdFile, discardColdFiles, storeSources } from './cold-files.ts';
import type { Cut } from './cut.ts';
import type { LogTable } from './log-table.ts';
import { keepTrying } from './retry.ts';
import { unionFields } from './schema-groups.ts';
import { sourcesOf } from './sources.ts';
import { isUnstorable } from './table-layout.ts';
import type { TableWriter } from './table-writer.ts';
import type { WriterContext } from './writer-context.ts';

/** What one commit takes of one log. */
interface Share {
  readonly part: LogTable;
  readonly cuts: readonly Cut[];
}

/**
 * Commits the oldest cuts of a table, of all logs, in one snapshot that also moves the logs' marks. Tries until it is
 * done, however long the store or the catalog are away. A log whose mark isn't where it should be has another writer;
 * its stream ends, and the acceptor sends again. Tells whether anything was committed.
 */
export async function commitTable(context: WriterContext, table: TableWriter): Promise<boolean> {
  const shares = table.committable(context.config.commitBytesMax);
  if (shares.length === 0) return false;
  const startedAt = performance.now();
  const cold = await store(context, table, shares);
  if (!cold || !(await appendOrDiscard(context, table, shares, cold))) return false;
  for (const { part, cuts } of shares) table.settle(part, cuts);
  report(context, table, shares, cold, (performance.now() - startedAt) / 1000);
  return true;
}

const retryOptions = ({ logger, stopping, metrics }: WriterContext, table: TableWriter) => ({
  what: `commit to ${table.tenant}.${table.name}`,
  logger,
  signal: stopping,
  onFailure: () => metrics.failed('commit'),
});

/** The cuts' rows as files in the store; undefined where the table, as it has become, has no place for them. */
async function store(
  context: WriterContext,
  table: TableWriter,
  shares: readonly Share[],
): Promise<ColdFile[] | undefined> {
  const { encoder, stopping } = context;
  const { state } = table;
  const isGone = (error: unknown) => table.uuid !== undefined && isCatalogError(error, 'NoSuchTableException');
  const isFinal = (error: unknown) => isUnstorable(error) || isGone(error) || table.isGone;
  const options = { ...retryOptions(context, table), isFinal };
  const cuts = shares.flatMap((share) => share.cuts);
  try {
    const schemas = unionFields(cuts.flatMap((cut) => cut.schemas));
    await keepTrying(
      () =>
        table.catalogTurn.run(async () => {
          for (const schema of schemas) await state.evolve(schema, stopping);
        }),
      options,
    );
    return await keepTrying(
      async () => storeSources(context, state.metadata, await sourcesOf(state.layout, encoder, cuts)),
      options,
    );
  } catch (error) {
    if (isGone(error) || table.isGone) {
      table.abandon();
      return undefined;
    }
    if (!isUnstorable(error)) throw error;
    // Another writer gave a column another type since: what comes again is made to fit the table as it is now.
    endAll(shares, `the table has changed: ${(error as Error).message}`);
    return undefined;
  }
}

async function appendOrDiscard(
  context: WriterContext,
  table: TableWriter,
  shares: readonly Share[],
  cold: readonly ColdFile[],
): Promise<boolean> {
  const options = retryOptions(context, table);
  let isUncertain = false;
  const isCommitted = await keepTrying(() => table.catalogTurn.run(() => append(context, table, shares, cold)), {
    ...options,
    onFailure: () => {
      isUncertain = true;
      options.onFailure();
    },
  });
  if (isCommitted) return true;
  // An attempt that failed without a clear no may have taken effect, or still will: then the files are needed.
  const files = cold.flatMap(({ keys }) => keys);
  if (isUncertain) context.logger.warn({ files }, 'files of a commit of unknown outcome stay');
  else await discardColdFiles(context, cold);
  return false;
}

const sameMark = (a: Mark | undefined, b: Mark | undefined): boolean => a?.lsn === b?.lsn && a?.epoch === b?.epoch;

/** Tells whether the files are in the table; false: a stream has ended meanwhile, and they must not be. */
async function append(
  context: WriterContext,
  table: TableWriter,
  shares: readonly Share[],
  cold: readonly ColdFile[],
): Promise<boolean> {
  if (shares.some(({ part }) => !part.log.isLive)) return false;
  const { catalog, store, reader, stopping } = context;
  const { state, tenant: ns, name } = table;
  const marks = Object.fromEntries(
    shares.map(({ part: { log }, cuts }) => [log.logId, { epoch: log.epoch, lsn: cuts.at(-1)!.lastLsn }]),
  );
  const expectedMarks = Object.fromEntries(shares.map(({ part }) => [part.log.logId, table.markOf(part)]));
  const files = cold.map(({ dataFile }) => dataFile);
  const commit = { catalog, store, ns, table: name, files, marks, expectedMarks, base: state.base, reader };
  try {
    state.update(await appendFiles({ ...commit, signal: stopping }));
  } catch (error) {
    if (isCatalogError(error, 'NoSuchTableException') && table.uuid === undefined) {
      endAll(shares, 'the table was dropped');
      return false;
    }
    // Its metadata goes with a table: what can't be found of it then is no trouble of the store's.
    if (!(error instanceof MarkMovedError)) {
      if (await table.checkGone()) return false;
      throw error;
    }
    // Unless an earlier attempt, whose outcome wasn't known, has come through.
    if (!Object.entries(marks).every(([log, mark]) => sameMark(error.marks[log], mark))) {
      endAll(
        shares.filter(({ part: { log } }) => !sameMark(error.marks[log.logId], expectedMarks[log.logId])),
        error.message,
      );
      return false;
    }
    if (await table.checkGone()) return false;
    await state.refresh();
  }
  for (const { part } of shares) table.setMark(part, marks[part.log.logId]!);
  return true;
}

function endAll(shares: readonly Share[], reason: string): void {
  for (const { part } of shares) part.log.end(new GrpcError(Status.ABORTED, `log ${part.log.logId}: ${reason}`));
}

function report(
  { metrics, logger }: WriterContext,
  { tenant, name }: TableWriter,
  shares: readonly Share[],
  cold: readonly ColdFile[],
  seconds: number,
): void {
  const rows = shares.flatMap(({ cuts }) => cuts).reduce((sum, cut) => sum + cut.rows, 0);
  const bytes = cold.reduce((sum, { dataFile }) => sum + dataFile['file-size-in-bytes'], 0);
  metrics.committed(name, rows, bytes, seconds);
  logger.debug({ tenant, table: name, rows, bytes, files: cold.length, seconds }, 'committed');
}
