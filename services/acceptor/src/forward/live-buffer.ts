import type { Signal } from '@signaldb/otlp';
import type { Log } from '@signaldb/wal';
import type { RecordBatch } from 'apache-arrow';
import type { OtlpEncoding } from '../log-record.ts';
import { createGatherer, type Gatherer, type StagedRows, type TableBatch } from './gatherer.ts';

/** Everything of the log between the cut before and `throughLsn`. */
export interface Cut {
  readonly batches: readonly TableBatch[];
  readonly throughLsn: number;
}

export interface BatchLimits {
  readonly rowsMax: number;
  readonly bytesMax: number;
  readonly ageMsMax: number;
  /** Of rows that wait for the writer. */
  readonly waitingBytesMax: number;
  readonly attributeColumnsMax: number;
}

/**
 * Rows on their way from the requests to the writer without a detour over the disk. It is open only while a writer
 * keeps up: closed, requests are decoded to be checked and then forgotten, since the log has them; it closes by itself
 * when what waits takes more memory than it may.
 */
export interface LiveBuffer {
  /** Decodes a request, which must be appended to the log and committed or rolled back at once. */
  stage(tenant: string, signal: Signal, body: Uint8Array, encoding: OtlpEncoding): StagedRows;
  /** Adds a batch that was appended to the log just now. */
  add(table: Parameters<Gatherer['add']>[0], batch: RecordBatch, lsn: number): void;
  /** Begins to keep rows, and tells from which LSN on. */
  open(): number;
  /** Forgets everything; `next` tells so. Also for rows whose append failed. */
  close(): void;
  readonly isOpen: boolean;
  /** Bytes of rows that wait. */
  readonly waitingBytes: number;
  /** Sends on what is there as soon as the writer takes it, without waiting for more. */
  hurry(): void;
  /** The next cut, in the order of LSNs; `undefined` when the buffer was closed. Its LSNs may not be on disk yet. */
  next(signal: AbortSignal): Promise<Cut | undefined>;
  /** Whether a cut still holds: its rows are all in the log. */
  isValid(cut: Cut): boolean;
}

export function createLiveBuffer(limits: BatchLimits, log: Pick<Log, 'nextLsn'>): LiveBuffer {
  let gatherer: Gatherer | undefined;
  let checker = createGatherer(limits);
  let queue: Cut[] = [];
  let queueBytes = 0;
  let valid = new WeakSet<Cut>();
  let bytesOf = new WeakMap<Cut, number>();
  let isDue = false;
  let cutLsn = 0;
  let timer: NodeJS.Timeout | undefined;
  let wake = Promise.withResolvers<void>();

  function cut(): void {
    clearTimeout(timer);
    timer = undefined;
    isDue = false;
    const throughLsn = log.nextLsn - 1;
    if (throughLsn === cutLsn) return;
    cutLsn = throughLsn;
    const bytes = gatherer!.bytes;
    const made: Cut = { batches: gatherer!.cut(), throughLsn };
    valid.add(made);
    bytesOf.set(made, bytes);
    queueBytes += bytes;
    queue.push(made);
  }

  function notify(): void {
    wake.resolve();
    wake = Promise.withResolvers<void>();
  }

  function close(): void {
    clearTimeout(timer);
    timer = undefined;
    gatherer = undefined;
    queue = [];
    queueBytes = 0;
    valid = new WeakSet();
    bytesOf = new WeakMap();
    isDue = false;
    notify();
  }

  /** After rows were added. */
  function grown(): void {
    const { rows, bytes } = gatherer!;
    if (queueBytes + bytes > limits.waitingBytesMax) {
      close();
      return;
    }
    if (rows >= limits.rowsMax || bytes >= limits.bytesMax) {
      cut();
      notify();
      return;
    }
    timer ??= setTimeout(due, limits.ageMsMax);
  }

  function due(): void {
    if (!gatherer) return;
    isDue = true;
    notify();
  }

  return {
    stage: (tenant, signal, body, encoding) => {
      const into = gatherer;
      if (into === undefined) {
        const staged = checker.stage('', signal, body, encoding);
        return { result: staged.result, commit: () => staged.rollback(), rollback: () => staged.rollback() };
      }
      const staged = into.stage(tenant, signal, body, encoding);
      return {
        result: staged.result,
        commit: (lsn) => {
          staged.commit(lsn);
          if (into === gatherer) grown();
        },
        rollback: () => staged.rollback(),
      };
    },
    add: (table, batch, lsn) => {
      if (!gatherer) return;
      gatherer.add(table, batch, lsn);
      grown();
    },
    open: () => {
      close();
      gatherer = createGatherer(limits);
      checker = createGatherer(limits); // what it learnt of columns isn't needed any more
      cutLsn = log.nextLsn - 1;
      return log.nextLsn;
    },
    close,
    get isOpen() {
      return gatherer !== undefined;
    },
    get waitingBytes() {
      return queueBytes + (gatherer?.bytes ?? 0);
    },
    hurry: due,
    next: async (signal) => {
      const stop = () => notify();
      signal.addEventListener('abort', stop, { once: true });
      try {
        for (;;) {
          signal.throwIfAborted();
          if (gatherer === undefined) return undefined;
          if (queue.length === 0 && isDue) cut();
          const first = queue.shift();
          if (first) {
            queueBytes -= bytesOf.get(first)!;
            return first;
          }
          await wake.promise;
        }
      } finally {
        signal.removeEventListener('abort', stop);
      }
    },
    isValid: (made) => valid.has(made),
  };
}
