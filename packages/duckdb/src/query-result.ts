import { type Data, makeData, RecordBatch, type Schema, Struct, Table } from 'apache-arrow';
import koffi from 'koffi';
import { arrayLayout, releaseStruct } from './c-schema.ts';
import type { Calls } from './calls.ts';
import { type ColumnCopier, createCopier } from './column-copier.ts';
import { DuckDbError, parseError } from './error.ts';
import type { Lease } from './lease.ts';
import { library, type Pointer, resultStruct } from './library.ts';
import { addressOf, cell, wordAt } from './memory.ts';
import { resultSchema, throwIfError } from './result-schema.ts';
import type { StatementType } from './statement-type.ts';

/** How large the batches of a result become. */
export interface BatchLimits {
  /** Rows of a batch (default 65 536). The first batches are smaller, so that the first rows come early. */
  readonly batchRows?: number;
  /** Bytes after which a batch is given out with fewer rows (default 16 MiB). */
  readonly batchBytesMax?: number;
  /** Each batch's memory is used again for the next one: for who is done with a batch before asking for another. */
  readonly reuseMemory?: boolean;
}

/**
 * A result that is read once, batch by batch, as the query makes it. It holds the connection until its last batch was read or it
 * was closed. The batches' memory is JavaScript's own: it outlives the result (but see `reuseMemory`).
 */
export interface QueryResult extends AsyncIterable<RecordBatch>, AsyncDisposable {
  readonly schema: Schema;
  readonly statementType: StatementType;
  /** Rows that an INSERT, UPDATE or DELETE changed. */
  readonly rowsChanged: number;
  /** Reads the rest. */
  batches(): Promise<RecordBatch[]>;
  /** Reads the rest as one table (which has the schema even without rows). */
  table(): Promise<Table>;
  /** Stops the query if it runs and frees all that it held. May be called twice. */
  close(): Promise<void>;
}

/** What a result needs to know of its query. */
export interface ResultOwner {
  readonly calls: Calls;
  readonly lease: Lease;
  /** Called once, when the result's C side is freed. */
  readonly onFree: () => void;
  readonly streaming: boolean;
  readonly statementType: StatementType;
  readonly sql: string;
  readonly limits: BatchLimits;
}

const firstBatchRows = 4096;
/** Rows × columns of a chunk from which translating it is worth a thread of its own. */
const cellsForThread = 8192;

export class StreamedResult implements QueryResult {
  readonly schema: Schema;
  readonly statementType: StatementType;
  readonly rowsChanged: number;
  readonly #owner: ResultOwner;
  readonly #result: Buffer;
  readonly #byValue: unknown;
  readonly #arrowOptions: Pointer;
  readonly #copiers: readonly ColumnCopier[];
  readonly #batchRows: number;
  readonly #batchBytesMax: number;
  readonly #array = Buffer.allocUnsafeSlow(arrayLayout.bytes);
  #rows = 0;
  #nextBatchRows: number;
  #reading: Promise<unknown> | undefined;
  #state: 'open' | 'ended' | 'closed' = 'open';
  #failure: unknown;

  /** Takes over the `duckdb_result`. */
  constructor(owner: ResultOwner, result: Buffer) {
    const lib = library();
    this.#owner = owner;
    this.#result = result;
    this.#byValue = koffi.decode(result, resultStruct);
    this.#arrowOptions = lib.result_get_arrow_options(result);
    this.statementType = owner.statementType;
    // The library reads a streamed result as if it were not one.
    this.rowsChanged = owner.streaming ? 0 : Number(lib.rows_changed(result));
    this.#batchRows = Math.max(1, owner.limits.batchRows ?? 65_536);
    this.#batchBytesMax = owner.limits.batchBytesMax ?? 16 << 20;
    this.#nextBatchRows = Math.min(this.#batchRows, firstBatchRows);
    try {
      this.schema = resultSchema(result, this.#arrowOptions);
      this.#copiers = this.schema.fields.map((field) => createCopier(field.type, owner.limits.reuseMemory));
    } catch (error) {
      this.#free();
      throw error;
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RecordBatch> {
    try {
      for (let batch = await this.next(); batch !== undefined; batch = await this.next()) yield batch;
    } finally {
      await this.close();
    }
  }

  /** The next batch; undefined at the end. */
  async next(): Promise<RecordBatch | undefined> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#state === 'ended') return undefined;
    if (this.#state === 'closed') throw new DuckDbError('Closed', 'the result is closed');
    if (this.#reading !== undefined) throw new DuckDbError('Busy', 'a batch of this result is being read already');
    const reading = this.#read();
    this.#reading = reading.catch(() => {});
    try {
      return await reading;
    } catch (error) {
      this.#failure = this.#owner.lease.explain(error);
      this.#end('ended');
      throw this.#failure;
    } finally {
      this.#reading = undefined;
    }
  }

  async #read(): Promise<RecordBatch | undefined> {
    for (;;) {
      this.#owner.lease.throwIfStopped();
      const chunk = await this.#fetch();
      if (chunk === undefined) break;
      try {
        await this.#append(chunk);
      } finally {
        library().destroy_data_chunk(cell(chunk));
      }
      if (
        this.#rows >= this.#nextBatchRows ||
        this.#copiers.reduce((sum, c) => sum + c.bytes, 0) >= this.#batchBytesMax
      ) {
        return this.#takeBatch();
      }
    }
    this.#owner.lease.throwIfStopped();
    const last = this.#rows > 0 ? this.#takeBatch() : undefined;
    this.#end('ended');
    return last;
  }

  async #fetch(): Promise<Pointer | undefined> {
    const lib = library();
    const chunk = (
      this.#owner.streaming
        ? await this.#owner.calls.call(lib.fetch_chunk, this.#byValue)
        : lib.fetch_chunk(this.#byValue)
    ) as Pointer | null;
    if (chunk !== null && chunk !== 0n) return chunk;
    const reason = lib.result_error(this.#result) as string | null;
    if (reason !== null && reason !== '') {
      this.#owner.lease.throwIfStopped();
      throw parseError(reason, this.#owner.sql);
    }
    return undefined;
  }

  async #append(chunk: Pointer): Promise<void> {
    const lib = library();
    const rows = Number(lib.data_chunk_get_size(chunk));
    if (rows === 0) return;
    const large = rows * this.#copiers.length > cellsForThread;
    this.#array.fill(0);
    throwIfError(
      large
        ? await this.#owner.calls.call(lib.data_chunk_to_arrow, this.#arrowOptions, chunk, this.#array)
        : lib.data_chunk_to_arrow(this.#arrowOptions, chunk, this.#array),
    );
    const array = addressOf(this.#array);
    try {
      const children = wordAt(array + arrayLayout.children);
      this.#copiers.forEach((copier, i) => {
        copier.append(wordAt(children + 8 * i), rows);
      });
      this.#rows += rows;
    } finally {
      releaseStruct(array, arrayLayout.release);
    }
  }

  #takeBatch(): RecordBatch {
    const children = this.#copiers.map((copier) => copier.take());
    const batch = batchOf(this.schema, children, this.#rows);
    this.#rows = 0;
    this.#nextBatchRows = Math.min(this.#batchRows, this.#nextBatchRows * 4);
    return batch;
  }

  async batches(): Promise<RecordBatch[]> {
    const all: RecordBatch[] = [];
    for await (const batch of this) all.push(batch);
    return all;
  }

  async table(): Promise<Table> {
    return new Table(this.schema, await this.batches());
  }

  async close(): Promise<void> {
    if (this.#state !== 'open') {
      await this.#reading;
      return;
    }
    if (this.#reading !== undefined) {
      this.#owner.lease.interrupt();
      await this.#reading;
    }
    this.#end('closed');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #end(state: 'ended' | 'closed'): void {
    if (this.#state !== 'open') return;
    this.#state = state;
    this.#free();
  }

  #free(): void {
    const lib = library();
    if (this.#arrowOptions !== null) lib.destroy_arrow_options(cell(this.#arrowOptions));
    lib.destroy_result(this.#result);
    this.#owner.onFree();
  }
}

/** A batch of exactly this schema: apache-arrow's constructor would merge columns of the same name, which SQL allows. */
function batchOf(schema: Schema, children: Data[], length: number): RecordBatch {
  const data = makeData({ type: new Struct(schema.fields), length, nullCount: 0, children });
  return Object.assign(Object.create(RecordBatch.prototype), { schema, data, _metadata: new Map() }) as RecordBatch;
}
