import type { Log, LogRecord } from '@signaldb/wal';
import { contentOf, decodeArrowPayload } from '../log-record.ts';
import { createGatherer, type Gatherer } from './gatherer.ts';
import type { BatchLimits, Cut } from './live-buffer.ts';

export interface ReplayOptions {
  readonly log: Pick<Log, 'read' | 'durableLsn'>;
  readonly limits: BatchLimits;
  /** The last LSN that need not be read. */
  readonly after: number;
  /** The last LSN to read, which is on disk. */
  readonly through: number;
  readonly signal: AbortSignal;
  /** A record that was checked before it was logged and can't be decoded now; it is passed over. */
  readonly onUndecodable: (record: LogRecord, error: unknown) => void;
}

/** Cuts made from the log, record by record, for a writer that is new or was slow. The last one ends at `through`. */
export async function* replay(options: ReplayOptions): AsyncGenerator<Cut, void> {
  const { log, limits, after, through, signal } = options;
  if (through <= after) return;
  const gatherer = createGatherer(limits);
  let reached = after;
  for await (const record of log.read(after + 1, { signal })) {
    if (record.lsn > through) break;
    try {
      gather(gatherer, record);
    } catch (error) {
      options.onUndecodable(record, error);
    }
    reached = record.lsn;
    if (gatherer.rows >= limits.rowsMax || gatherer.bytes >= limits.bytesMax) {
      yield { batches: gatherer.cut(), throughLsn: reached };
    }
  }
  yield { batches: gatherer.cut(), throughLsn: through };
}

/** Adds a record's rows as they were added when it came. */
function gather(gatherer: Gatherer, record: LogRecord): void {
  const content = contentOf(record.kind);
  if (content === undefined) throw new Error(`unknown kind of record: ${record.kind}`);
  if (content.type === 'otlp') {
    gatherer.stage(record.tenant, content.signal, record.payload, content.encoding).commit(record.lsn);
    return;
  }
  const { batches, ...table } = decodeArrowPayload(record.payload);
  for (const batch of batches) gatherer.add({ tenant: record.tenant, ...table }, batch, record.lsn);
}
