import { RecordBatch, RecordBatchStreamWriter, type Schema } from 'apache-arrow';
import type { LogStream } from './log-stream.ts';
import { keepTrying } from './retry.ts';
import type { ReceivedRows } from './runs.ts';
import type { WriterContext } from './writer-context.ts';

export interface SetAsideOptions {
  readonly tenant: string;
  readonly table: string;
  readonly log: LogStream;
  readonly rows: ReceivedRows;
  readonly reason: Error;
}

/**
 * Rows that their table can never hold don't hold up the log: they are kept as an Arrow file in the object store, under
 * `set-aside/`, and named in the log. What is set aside again after a break replaces itself.
 */
export async function setAside(
  context: WriterContext,
  { tenant, table, log, rows, reason }: SetAsideOptions,
): Promise<void> {
  const { store, logger, metrics } = context;
  const key = `set-aside/${tenant}/${encodeURIComponent(table)}/${log.logId}-${rows.firstLsn}-${rows.lastLsn}.arrow`;
  const writer = RecordBatchStreamWriter.writeAll([plain(rows.batch)]);
  const bytes = await writer.toUint8Array();
  await keepTrying(() => store.put(key, bytes), {
    what: 'setting rows aside',
    logger,
    signal: log.ended,
    onFailure: () => metrics.failed('upload'),
  });
  metrics.setAside(table, rows.batch.numRows);
  logger.error(
    {
      err: reason,
      tenant,
      table,
      logId: log.logId,
      firstLsn: rows.firstLsn,
      lastLsn: rows.lastLsn,
      rows: rows.batch.numRows,
      key,
    },
    'rows can not be stored in their table and were set aside',
  );
}

const plain = (batch: RecordBatch): RecordBatch => new RecordBatch(batch.schema as Schema, batch.data);
