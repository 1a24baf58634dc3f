import { setTimeout as sleep } from 'node:timers/promises';
import { GrpcError, Status } from '@signaldb/grpc';
import { isCatalogError, type Mark } from '@signaldb/iceberg';
import type { RecordBatch, Schema } from 'apache-arrow';
import type { Cut } from './cut.ts';
import type { HotFile } from './hot-files.ts';
import type { LogStream } from './log-stream.ts';
import { LogTable, type TimeRange } from './log-table.ts';
import { keepTrying, Mutex } from './retry.ts';
import type { ReceivedRows } from './runs.ts';
import { setAside } from './set-aside.ts';
import { tableKey } from './table-key.ts';
import { isUnstorable, signalTableOf } from './table-layout.ts';
import { TableGoneError, TableState } from './table-state.ts';
import type { WriterContext } from './writer-context.ts';

/** Cuts of fewer rows are put together before they are stored. */
export const smallCutRowsMax = 30_000;

/** One table of a tenant: takes rows of all logs, makes hot files of them, keeps them until they are committed. */
export class TableWriter {
  readonly tenant: string;
  readonly name: string;
  /** Of a user's table: tells it from others of its name. */
  readonly uuid: string | undefined;
  readonly state: TableState;
  /** Held while the catalog is asked or told. */
  readonly catalogTurn = new Mutex();
  readonly #context: WriterContext;
  readonly #parts = new Set<LogTable>();
  readonly #marks = new Map<LogTable, Mark | undefined>();
  #lastCutAt = Number.NEGATIVE_INFINITY;
  #requested: Promise<void> | undefined;
  #isGone = false;

  constructor(context: WriterContext, tenant: string, name: string, uuid?: string) {
    this.#context = context;
    this.tenant = tenant;
    this.name = name;
    this.uuid = uuid;
    this.state = new TableState(context, tenant, name, uuid);
  }

  /** The logs that have brought rows and whose streams live. */
  get parts(): readonly LogTable[] {
    return [...this.#parts];
  }

  /** The mark that the table is expected to have of a log. */
  markOf(part: LogTable): Mark | undefined {
    return this.#marks.get(part);
  }

  setMark(part: LogTable, mark: Mark): void {
    this.#marks.set(part, mark);
  }

  /** The mark of a log as this writer last saw it in the table. */
  knownMarkOf(logId: string): Mark | undefined {
    return this.state.isOpen ? this.state.markOf(logId) : undefined;
  }

  get isIdle(): boolean {
    return this.parts.every((part) => part.firstUncommittedLsn === undefined);
  }

  /**
   * Begins to take a log's rows: asks the catalog how far they are there. Throws FAILED_PRECONDITION where a later
   * epoch has committed, SchemaError where there can't be such a table, TableGoneError for one that was dropped.
   */
  attach(log: LogStream, schema: Schema): Promise<LogTable> {
    return this.catalogTurn.run(async () => {
      log.ended.throwIfAborted();
      await this.state.open(schema, log.ended);
      log.ended.throwIfAborted();
      const mark = this.state.markOf(log.logId);
      if (mark && mark.epoch > log.epoch)
        throw new GrpcError(
          Status.FAILED_PRECONDITION,
          `log ${log.logId}: epoch ${mark.epoch} has committed to ${this.name}, this is ${log.epoch}`,
        );
      const part = new LogTable(log, mark?.lsn ?? 0, signalTableOf(this.name)?.timeColumn);
      part.onDrop = () => this.#drop(part);
      this.#parts.add(part);
      this.#marks.set(part, mark);
      return part;
    });
  }

  /** It was dropped: rows for it go nowhere. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** The table was dropped: what has come for it goes the way of what was in it. */
  abandon(): void {
    this.#isGone = true;
    const { logger } = this.#context;
    for (const part of this.parts) {
      const rows = part.waitingRows + part.cuts.reduce((sum, cut) => sum + cut.rows, 0);
      this.#drop(part);
      part.log.tables.delete(tableKey(this.tenant, this.name, this.uuid));
      logger.info(
        { tenant: this.tenant, table: this.name, rows, logId: part.log.logId },
        'rows of a dropped table went',
      );
      part.log.progress();
    }
  }

  /** Asks the catalog whether the table was dropped, after something failed that may come from it; gives its rows up if so. */
  async checkGone(): Promise<boolean> {
    if (this.uuid === undefined || this.#isGone) return this.#isGone;
    try {
      await this.state.refresh();
      return false;
    } catch (error) {
      if (!(error instanceof TableGoneError) && !isCatalogError(error, 'NoSuchTableException')) return false;
      this.abandon();
      return true;
    }
  }

  /** Takes rows in; their bytes are counted until they are in a hot file. */
  add(part: LogTable, rows: ReceivedRows): void {
    if (this.#isGone) return;
    const bytes = batchBytes(rows.batch);
    this.#context.memory.take(bytes);
    part.add(rows, bytes);
    const { cutRowsMin, cutBytesMin } = this.#context.config;
    if (part.waitingRows >= cutRowsMin || part.waitingBytes >= cutBytesMin) this.#cut(part);
  }

  /** Cuts what has waited long enough. */
  cutAged(now: number): void {
    for (const part of this.#parts) {
      if (part.waitingRows > 0 && now - part.waitingSince >= this.#context.config.cutIntervalMs) this.#cut(part);
    }
  }

  cutAll(): void {
    for (const part of this.#parts) this.#cut(part);
  }

  /** Resolves when all that has come by now, as far as its times are in the range, is in hot files. Callers share cuts. */
  async flushToHotFiles(range: TimeRange = {}): Promise<void> {
    if (this.parts.some((part) => part.waitingRows > 0 && part.mayHold(range))) {
      this.#requested ??= this.#cutWhenDue();
      await this.#requested;
    }
    await Promise.all(this.parts.flatMap((part) => part.cuts.map((cut) => cut.ready)));
  }

  async #cutWhenDue(): Promise<void> {
    const waitMs = this.#lastCutAt + this.#context.config.barrierIntervalMs - performance.now();
    // Also without a pause this goes on only when the caller has noted it.
    await (waitMs > 0 ? sleep(waitMs) : Promise.resolve());
    this.#requested = undefined;
    this.cutAll();
  }

  #cut(part: LogTable): void {
    const taken = part.take();
    if (!taken) return;
    this.#lastCutAt = performance.now();
    const cut: Cut = {
      log: part.log,
      firstLsn: taken.rows[0]!.firstLsn,
      lastLsn: taken.rows.at(-1)!.lastLsn,
      rows: taken.rows.reduce((sum, { batch }) => sum + batch.numRows, 0),
      madeAt: this.#lastCutAt,
      ready: Promise.resolve(),
      state: 'encoding',
      files: [],
      schemas: [],
      batches: undefined,
      batchBytes: 0,
    };
    part.cuts.push(cut);
    cut.ready = this.#make(cut, taken.rows, taken.bytes);
  }

  async #make(cut: Cut, rows: readonly ReceivedRows[], bytes: number): Promise<void> {
    const { memory, mergeMemory, hotFiles, metrics, logger } = this.#context;
    try {
      const storable = await this.#storable(cut, rows);
      const made = await this.#encodeOrSetAside(cut, storable);
      if (!cut.log.isLive || this.#isGone) return hotFiles.retire(made, false);
      cut.files = made;
      cut.state = 'hot';
      if (cut.rows < smallCutRowsMax && made.length > 0 && mergeMemory.tryTake(bytes)) {
        cut.batches = storable.map(({ batch }) => batch);
        cut.batchBytes = bytes;
      }
      metrics.cut(this.name, cut.rows, (performance.now() - cut.madeAt) / 1000);
    } catch (error) {
      // Only the end of the stream gets here: the rows will come again.
      if (cut.log.isLive) logger.error({ err: error, table: this.name }, 'a cut was given up');
      cut.log.end(error as Error);
    } finally {
      memory.give(bytes);
    }
  }

  /** The batches that the table can hold, with columns as it has them; others are set aside. */
  async #storable(cut: Cut, rows: readonly ReceivedRows[]): Promise<ReceivedRows[]> {
    const storable: ReceivedRows[] = [];
    for (const received of rows) {
      try {
        storable.push({ ...received, batch: this.state.planned.fit(received.batch) });
      } catch (error) {
        if (!isUnstorable(error)) throw error;
        await this.#setAside(cut, received, error as Error);
      }
    }
    return storable;
  }

  #setAside(cut: Cut, rows: ReceivedRows, reason: Error): Promise<void> {
    return setAside(this.#context, { tenant: this.tenant, table: this.name, log: cut.log, rows, reason });
  }

  async #encodeOrSetAside(cut: Cut, rows: readonly ReceivedRows[]): Promise<HotFile[]> {
    if (rows.length === 0) return [];
    try {
      return await this.#encode(
        cut,
        rows.map(({ batch }) => batch),
      );
    } catch (error) {
      if (!isUnstorable(error)) throw error;
      for (const received of rows) await this.#setAside(cut, received, error as Error);
      return [];
    }
  }

  async #encode(cut: Cut, batches: readonly RecordBatch[]): Promise<HotFile[]> {
    const { encoder, logger, metrics } = this.#context;
    const options = { logger, signal: cut.log.ended, isFinal: isUnstorable, onFailure: () => metrics.failed('cut') };
    const encoded = await keepTrying(() => this.state.layout.encode(encoder, batches), {
      ...options,
      what: 'encoding a hot file',
    });
    cut.schemas = encoded.schemas;
    return keepTrying(() => this.#write(cut, encoded.parts), { ...options, what: 'writing a hot file' });
  }

  async #write(cut: Cut, parts: Awaited<ReturnType<TableState['layout']['encode']>>['parts']): Promise<HotFile[]> {
    const { tenant, name: table, uuid: tableUuid } = this;
    const { logId, epoch } = cut.log;
    const { firstLsn, lastLsn } = cut;
    const made: HotFile[] = [];
    try {
      for (const { encoded, partition } of parts)
        made.push(
          await this.#context.hotFiles.add(encoded, {
            tenant,
            table,
            tableUuid,
            logId,
            epoch,
            firstLsn,
            lastLsn,
            partition,
          }),
        );
      return made;
    } catch (error) {
      this.#context.hotFiles.retire(made, false);
      throw error;
    }
  }

  /** Cuts that can be committed now: of each log the oldest ones, whole, up to some bytes. */
  committable(bytesMax: number): { part: LogTable; cuts: Cut[] }[] {
    let bytes = 0;
    return this.parts.flatMap((part) => {
      const cuts: Cut[] = [];
      for (const cut of part.cuts) {
        if (cut.state !== 'hot' || (bytes > 0 && bytes >= bytesMax)) break;
        cuts.push(cut);
        bytes += cut.files.reduce((sum, file) => sum + file.bytes, 0);
      }
      return cuts.length > 0 ? [{ part, cuts }] : [];
    });
  }

  /** Rows are in the table now. */
  settle(part: LogTable, cuts: readonly Cut[]): void {
    for (const cut of cuts) {
      if (cut.state !== 'hot') continue;
      cut.state = 'committed';
      this.#release(cut, true);
    }
    part.cuts = part.cuts.filter((cut) => !cuts.includes(cut));
    part.log.progress();
  }

  #drop(part: LogTable): void {
    this.#parts.delete(part);
    this.#marks.delete(part);
    const taken = part.take();
    if (taken) this.#context.memory.give(taken.bytes);
    for (const cut of part.cuts) {
      cut.state = 'dropped';
      this.#release(cut, false);
    }
    part.cuts = [];
  }

  #release(cut: Cut, isCommitted: boolean): void {
    this.#context.hotFiles.retire(cut.files, isCommitted);
    if (cut.batches) this.#context.mergeMemory.give(cut.batchBytes);
    cut.batches = undefined;
  }
}

/** What a batch's buffers take. Slices count as what they were cut from, so this never says too little. */
function batchBytes(batch: RecordBatch): number {
  return batch.data.byteLength + 1024;
}
