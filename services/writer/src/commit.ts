import { GrpcError, Status } from '@signaldb/grpc';
import { appendFiles, isCatalogError, type Mark, MarkMovedError, SchemaError } from '@signaldb/iceberg';
import { type ColdFile, discardColdFiles, storeCuts } from './cold-files.ts';
import { type Cut, cutBytes } from './cut.ts';
import type { LogTable } from './log-table.ts';
import { keepTrying } from './retry.ts';
import { unionFields } from './schema-groups.ts';
import type { TableWriter } from './table-writer.ts';
import type { WriterContext } from './writer-context.ts';

/** What one commit takes of one log. */
interface Share {
  readonly part: LogTable;
  readonly cuts: readonly Cut[];
}

/**
 * Commits the oldest cuts of a table, of all logs, in one snapshot that also moves the logs' marks. Tries until it is
 * done, however long the store or the catalog are away. A log whose mark isn't where it should be has another writer,
 * or what came is wrong: its stream ends, and the acceptor sends again. Tells whether anything was committed.
 */
export async function commitTable(context: WriterContext, table: TableWriter): Promise<boolean> {
  const shares = table.committable(context.config.commitBytesMax);
  if (shares.length === 0) return false;
  const startedAt = performance.now();
  const { logger, stopping, metrics } = context;
  const options = {
    what: `commit to ${table.tenant}.${table.name}`,
    logger,
    signal: stopping,
    onFailure: () => metrics.failed('commit'),
  };

  const isEvolved = await keepTrying(() => table.catalogTurn.run(() => evolve(context, table, shares)), {
    ...options,
    isFinal: (error) => error instanceof SchemaError,
  }).catch((error) => endOnSchemaError(error, shares));
  if (!isEvolved) return false;
  const cuts = shares.flatMap((share) => share.cuts);
  const cold = await keepTrying(() => storeCuts(context, table.state, cuts), options);
  let isUncertain = false;
  const isCommitted = await keepTrying(() => table.catalogTurn.run(() => append(context, table, shares, cold)), {
    ...options,
    onFailure: () => {
      isUncertain = true;
      options.onFailure();
    },
  });
  if (!isCommitted) {
    // An attempt that failed without a clear no may have taken effect, or still will: then the files are needed.
    if (isUncertain)
      logger.warn({ files: cold.flatMap(({ keys }) => keys) }, 'files of a commit of unknown outcome stay');
    else await discardColdFiles(context, cold);
    return false;
  }
  for (const { part, cuts: own } of shares) table.settle(part, own);
  const bytes = cold.reduce((sum, { dataFile }) => sum + dataFile['file-size-in-bytes'], 0);
  const rows = cuts.reduce((sum, cut) => sum + cut.rows, 0);
  const seconds = (performance.now() - startedAt) / 1000;
  metrics.committed(table.name, rows, bytes, seconds);
  logger.debug(
    {
      tenant: table.tenant,
      table: table.name,
      rows,
      bytes,
      files: cold.length,
      hotBytes: cuts.reduce((sum, cut) => sum + cutBytes(cut), 0),
      seconds,
    },
    'committed',
  );
  return true;
}

async function evolve(context: WriterContext, table: TableWriter, shares: readonly Share[]): Promise<boolean> {
  const schemas = shares.flatMap(({ cuts }) => cuts.flatMap((cut) => cut.schemas));
  for (const schema of unionFields(schemas)) await table.state.evolve(schema, context.stopping);
  return true;
}

/** Another writer gave a column another type since: what comes again is made to fit the table as it is now. */
function endOnSchemaError(error: unknown, shares: readonly Share[]): boolean {
  if (!(error instanceof SchemaError)) throw error;
  for (const { part } of shares) part.log.end(new GrpcError(Status.ABORTED, `the table has changed: ${error.message}`));
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
  const marks = Object.fromEntries(
    shares.map(({ part, cuts }) => [part.log.logId, { epoch: part.log.epoch, lsn: cuts.at(-1)!.lastLsn }]),
  );
  const expectedMarks = Object.fromEntries(shares.map(({ part }) => [part.log.logId, table.markOf(part)]));
  try {
    const files = cold.map(({ dataFile }) => dataFile);
    const { state } = table;
    state.update(
      await appendFiles({
        catalog,
        store,
        ns: table.tenant,
        table: table.name,
        files,
        marks,
        expectedMarks,
        base: state.base,
        reader,
        signal: stopping,
      }),
    );
  } catch (error) {
    if (isCatalogError(error, 'NoSuchTableException')) {
      endAll(shares, 'the table was dropped');
      return false;
    }
    if (!(error instanceof MarkMovedError)) throw error;
    // An attempt whose outcome wasn't known has come through.
    const isOurs = Object.entries(marks).every(([log, mark]) => sameMark(error.marks[log], mark));
    if (!isOurs) {
      endMoved(shares, expectedMarks, error);
      return false;
    }
    await table.state.refresh();
  }
  for (const { part } of shares) table.setMark(part, marks[part.log.logId]!);
  return true;
}

function endMoved(
  shares: readonly Share[],
  expected: Readonly<Record<string, Mark | undefined>>,
  error: MarkMovedError,
): void {
  for (const { part } of shares) {
    const { logId } = part.log;
    if (!sameMark(error.marks[logId], expected[logId]))
      part.log.end(new GrpcError(Status.ABORTED, `log ${logId}: ${error.message}`));
  }
}

function endAll(shares: readonly Share[], reason: string): void {
  for (const { part } of shares) part.log.end(new GrpcError(Status.ABORTED, reason));
}
