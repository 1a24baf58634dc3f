import type { RecordBatch, Schema } from 'apache-arrow';
import type { HotFile } from './hot-files.ts';
import type { LogStream } from './log-stream.ts';

/**
 * Rows of one log and table that became hot files together. Commits take cuts whole, so that a hot file's rows are
 * either all behind the table's mark or all before it.
 */
export interface Cut {
  readonly log: LogStream;
  readonly firstLsn: number;
  readonly lastLsn: number;
  readonly rows: number;
  /** `performance.now()` */
  readonly madeAt: number;
  /** Resolves when the files are there; never rejects. */
  ready: Promise<void>;
  /** `dropped`: its log's stream ended before it was committed. */
  state: 'encoding' | 'hot' | 'committed' | 'dropped';
  files: readonly HotFile[];
  /** The columns that the files have. */
  schemas: readonly Schema[];
  /** Of a small cut, as long as memory allows: to be sorted together with others before they are stored. */
  batches: readonly RecordBatch[] | undefined;
  batchBytes: number;
}

export const cutBytes = (cut: Cut): number => cut.files.reduce((sum, file) => sum + file.bytes, 0);
