import type { RecordBatch } from 'apache-arrow';
import { Envelope } from './decode/envelope.ts';
import { LogDecoder } from './decode/log-decoder.ts';
import { MetricDecoder } from './decode/metric-decoder.ts';
import type { SignalDecoder } from './decode/signal-decoder.ts';
import type { TableMark } from './decode/table-builder.ts';
import { TraceDecoder } from './decode/trace-decoder.ts';
import { OtlpDecodeError, WireError } from './errors.ts';
import { requests } from './json/messages.ts';
import { pathAt } from './json/path.ts';
import { toProtobuf } from './json/to-protobuf.ts';
import type { Signal, TableName } from './tables.ts';
import { WireReader } from './wire/reader.ts';

export interface ColumnRegistryOptions {
  /** How many attribute columns a batch may have; further attributes go to the overflow columns. Default 200. */
  readonly attributeColumnsMax?: number;
}

export interface SignalAppenderOptions {
  readonly signal: Signal;
  readonly columns?: ColumnRegistryOptions;
  /** About how much memory the rows of one request may take. Default 1 GiB. */
  readonly requestBytesMax?: number;
}

export interface AppendResult {
  /** Rows added to all tables. */
  readonly rows: number;
  readonly tables: readonly { readonly table: TableName; readonly rows: number }[];
  /** Items left out for themselves alone, as OTLP's partial success has it; the reason is that of the first. */
  readonly rejected?: { readonly count: number; readonly reason: string };
}

/** The rows of one table, from the requests of several LSNs. */
export interface SealedBatch {
  readonly table: TableName;
  readonly batch: RecordBatch;
  readonly firstLsn: number;
  readonly lastLsn: number;
  /** How many of the rows, in their order, belong to which LSN. */
  readonly runs: readonly (readonly [lsn: number, rows: number])[];
}

/** Gathers OTLP requests of one signal into large Arrow batches. */
export interface SignalAppender {
  /**
   * Adds a request's rows, which wait for `commit` or `rollback`. Throws OtlpDecodeError and leaves nothing of it where it
   * isn't OTLP. The body isn't kept.
   */
  append(body: Uint8Array, encoding: 'protobuf' | 'json'): AppendResult;
  /** The rows of the last append belong to this LSN. */
  commit(lsn: number): void;
  /** The rows of the last append are dropped. */
  rollback(): void;
  /** Rows that wait to be sealed. */
  readonly rows: number;
  /** Bytes that they take. */
  readonly bytes: number;
  /** Takes everything out: a batch for each table that has rows. The batches' buffers are the caller's. */
  seal(): SealedBatch[];
}

const REQUEST_BYTES_MAX = 2 ** 30;
const ATTRIBUTE_COLUMNS_MAX = 200;

export function createSignalAppender(options: SignalAppenderOptions): SignalAppender {
  return new Appender(options);
}

const decoders = { traces: TraceDecoder, logs: LogDecoder, metrics: MetricDecoder };

class Appender implements SignalAppender {
  readonly #signal: Signal;
  readonly #decoder: SignalDecoder;
  readonly #requestBytesMax: number;
  /** What the tables held before the append that waits for its fate. */
  #pending: readonly TableMark[] | undefined;
  #runs: [lsn: number, rows: number][][];

  constructor({ signal, columns = {}, requestBytesMax = REQUEST_BYTES_MAX }: SignalAppenderOptions) {
    this.#signal = signal;
    this.#decoder = new decoders[signal](columns.attributeColumnsMax ?? ATTRIBUTE_COLUMNS_MAX);
    this.#requestBytesMax = requestBytesMax;
    this.#runs = this.#decoder.tables.map(() => []);
  }

  append(body: Uint8Array, encoding: 'protobuf' | 'json'): AppendResult {
    this.#assertSettled();
    const bytes = encoding === 'json' ? toProtobuf(requests[this.#signal], body) : body;
    const { tables } = this.#decoder;
    const before = tables.map((table) => table.mark);
    try {
      new Envelope(new WireReader(bytes), this.#requestBytesMax).walk(this.#decoder);
    } catch (error) {
      tables.forEach((table, i) => {
        table.truncate(before[i]!);
      });
      this.#decoder.takeRejection();
      throw error instanceof WireError ? this.#explained(error, bytes) : error;
    }
    this.#pending = before;
    return this.#result(before, bytes);
  }

  #explained(error: WireError, bytes: Uint8Array): OtlpDecodeError {
    const path = error.offset < 0 ? '' : this.#path(bytes, error.offset);
    const message =
      error.offset < 0 ? error.message : `${path || 'the request'}: ${error.message} (byte ${error.offset})`;
    return new OtlpDecodeError(message, error.code);
  }

  #path(bytes: Uint8Array, offset: number): string {
    return pathAt(requests[this.#signal], bytes, offset);
  }

  #result(before: readonly TableMark[], bytes: Uint8Array): AppendResult {
    const tables = this.#decoder.tables
      .map((table, i) => ({ table: table.table.name, rows: table.rows - before[i]!.rows }))
      .filter(({ rows }) => rows > 0);
    const rows = tables.reduce((sum, table) => sum + table.rows, 0);
    const rejection = this.#decoder.takeRejection();
    if (!rejection) return { rows, tables };
    return {
      rows,
      tables,
      rejected: { count: rejection.count, reason: `${this.#path(bytes, rejection.offset)}.${rejection.fault}` },
    };
  }

  commit(lsn: number): void {
    const before = this.#takePending();
    this.#decoder.tables.forEach((table, i) => {
      const rows = table.rows - before[i]!.rows;
      if (rows > 0) this.#runs[i]!.push([lsn, rows]);
    });
  }

  rollback(): void {
    const before = this.#takePending();
    this.#decoder.tables.forEach((table, i) => {
      table.truncate(before[i]!);
    });
  }

  #takePending(): readonly TableMark[] {
    const pending = this.#pending;
    if (!pending) throw new Error('there is no append to commit or roll back');
    this.#pending = undefined;
    return pending;
  }

  #assertSettled(): void {
    if (this.#pending) throw new Error('the last append was neither committed nor rolled back');
  }

  get rows(): number {
    return this.#decoder.tables.reduce((rows, table) => rows + table.rows, 0);
  }

  get bytes(): number {
    return this.#decoder.tables.reduce((bytes, table) => bytes + table.bytes, 0);
  }

  seal(): SealedBatch[] {
    this.#assertSettled();
    const sealed: SealedBatch[] = [];
    this.#decoder.tables.forEach((table, i) => {
      const runs = this.#runs[i]!;
      if (table.rows === 0) return;
      this.#runs[i] = [];
      const batch = table.seal();
      sealed.push({ table: table.table.name, batch, firstLsn: runs[0]![0], lastLsn: runs.at(-1)![0], runs });
    });
    return sealed;
  }
}
