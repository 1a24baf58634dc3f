import type { LogTable } from './log-table.ts';
import type { DurabilityLevel } from './stream-messages.ts';

const levels = ['memory', 'object_storage', 'iceberg_committed'] as const;

/**
 * A log as this writer receives it in one stream: what came, what of it is committed. It ends for good: when another
 * stream of the log takes its place, or something doesn't fit, what isn't committed is dropped and sent again.
 */
export class LogStream {
  readonly logId: string;
  readonly epoch: number;
  readonly acceptorId: string;
  /** By `tableKey`. */
  readonly tables = new Map<string, LogTable>();
  readonly #ended = new AbortController();
  readonly #acknowledged: Record<DurabilityLevel, number> = { memory: 0, object_storage: 0, iceberg_committed: 0 };
  #received = 0;
  #changed = Promise.withResolvers<void>();
  #input: { readonly error?: unknown } | undefined;

  constructor(logId: string, epoch: number, acceptorId: string) {
    this.logId = logId;
    this.epoch = epoch;
    this.acceptorId = acceptorId;
  }

  /** Aborted with the reason when the stream ends for good. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  get isLive(): boolean {
    return !this.#ended.signal.aborted;
  }

  /** Everything up to this LSN has come. */
  get received(): number {
    return this.#received;
  }

  /** Every row up to this LSN is committed, or was set aside. */
  get committed(): number {
    let committed = this.#received;
    for (const table of this.tables.values()) {
      const first = table.firstUncommittedLsn;
      if (first !== undefined && first <= committed) committed = first - 1;
    }
    return committed;
  }

  receivedThrough(lsn: number): void {
    if (lsn <= this.#received) return;
    this.#received = lsn;
    this.#acknowledged.memory = lsn;
    this.progress();
  }

  /** Works out the acknowledgements anew, after something was committed. */
  progress(): void {
    const { committed } = this;
    this.#acknowledged.object_storage = committed;
    this.#acknowledged.iceberg_committed = committed;
    this.#wake();
  }

  end(reason: Error): void {
    if (!this.isLive) return;
    for (const table of this.tables.values()) table.drop();
    this.#ended.abort(reason);
    this.#wake();
  }

  /** Nothing more comes in this stream: it was closed, or broke off. What came stays. */
  endInput(error?: unknown): void {
    this.#input ??= { error };
    this.#wake();
  }

  /**
   * Acknowledgements as they rise; those that a slow reader missed are left out. Ends when the input has ended and all
   * of it is committed; throws the reason when the stream was ended or broke off.
   */
  async *acknowledgements(): AsyncGenerator<{ readonly level: DurabilityLevel; readonly lsn: number }> {
    const told = { memory: 0, object_storage: 0, iceberg_committed: 0 };
    for (;;) {
      const changed = this.#changed.promise;
      for (const level of levels) {
        if (this.#acknowledged[level] <= told[level]) continue;
        told[level] = this.#acknowledged[level];
        yield { level, lsn: told[level] };
      }
      this.#ended.signal.throwIfAborted();
      if (this.#input?.error) throw this.#input.error;
      if (this.#input && told.iceberg_committed >= this.#received) return;
      await changed;
    }
  }

  /** Waits until everything up to an LSN has come; tells whether it has when the signal aborts or the stream ends. */
  async waitFor(lsn: number, signal: AbortSignal): Promise<boolean> {
    const stop = () => this.#wake();
    signal.addEventListener('abort', stop, { once: true });
    while (this.#received < lsn && this.isLive && !signal.aborted) await this.#changed.promise;
    signal.removeEventListener('abort', stop);
    return this.#received >= lsn && this.isLive;
  }

  #wake(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers();
    resolve();
  }
}
