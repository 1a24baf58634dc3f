// Rows of a statement on their way to an acceptor: each batch once, also when the acceptor goes away in between and comes back.
import { setTimeout as sleep } from 'node:timers/promises';
import { tenantHeader } from '@signaldb/access';
import type { FlightClient, FlightMessage } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import type { RecordBatch } from 'apache-arrow';

export interface RowWrite {
  readonly acceptor: FlightClient;
  readonly tenant: string;
  readonly table: string;
  /** How safe the rows have to be before they count as written. */
  readonly durability: string;
  /** Names the statement: a batch of it that is in the acceptor's log already isn't taken twice. */
  readonly idempotencyKey: string;
  readonly batches: AsyncIterable<RecordBatch>;
  readonly signal: AbortSignal;
  /** How long an acceptor that went away is waited for. Default 20 s. */
  readonly patienceMs?: number;
  /** Called where it fails and certainly no row was written, before the error is told. */
  readonly onNothingWritten?: (() => Promise<unknown>) | undefined;
}

/** A batch that was sent, until it is on the acceptor's disk. */
interface Sent {
  readonly batch: RecordBatch;
  readonly number: number;
  lsn: number | undefined;
}

/** Fewer than the acknowledgements that an acceptor keeps for a slow reader, so that none is left out. */
const sentMax = 64;
const sentBytesMax = 64 << 20;
const pauseMs = 200;

/**
 * Writes rows; answers how many, when all are as safe as was asked for. Only the acceptor that began is waited for when it goes away:
 * its log knows what it has. @throws what the acceptor refuses with; UNAVAILABLE where it stays away; both say how many rows are written
 */
export async function writeRows(write: RowWrite): Promise<number> {
  const state = new WriteState(write);
  try {
    await state.run();
    return state.rows;
  } catch (error) {
    if (state.isNothingWritten(error)) await write.onNothingWritten?.().catch(() => {});
    throw state.told(error);
  } finally {
    await state.close();
  }
}

class WriteState {
  readonly #write: RowWrite;
  readonly #source: AsyncIterator<RecordBatch>;
  /** A batch that is being pulled: it is the next stream's, if this one breaks. */
  #pending: Promise<IteratorResult<RecordBatch>> | undefined;
  #isSourceOver = false;
  #number = 0;
  #streams = 0;
  #sent: Sent[] = [];
  /** LSNs on disk that aren't as safe as was asked for. */
  #waiting: { readonly lsn: number; readonly rows: number }[] = [];
  #acknowledged = 0;
  #changed = Promise.withResolvers<void>();

  constructor(write: RowWrite) {
    this.#write = write;
    this.#source = write.batches[Symbol.asyncIterator]();
  }

  get rows(): number {
    return this.#acknowledged;
  }

  async run(): Promise<void> {
    const { signal, patienceMs = 20_000 } = this.#write;
    let until = Number.POSITIVE_INFINITY;
    for (;;) {
      const before = this.#acknowledged;
      try {
        await this.#stream();
        return;
      } catch (error) {
        signal.throwIfAborted();
        const mayPass = error instanceof GrpcError && error.code === Status.UNAVAILABLE && !this.#sourceFailed;
        // What is on the disk of an acceptor that is gone can't be asked about on another stream.
        if (!mayPass || this.#waiting.length > 0) throw error;
        if (this.#acknowledged > before || until === Number.POSITIVE_INFINITY) until = performance.now() + patienceMs;
        if (performance.now() > until) throw error;
        await sleep(pauseMs, undefined, { signal });
      }
    }
  }

  #sourceFailed = false;

  /** One stream to the acceptor, from the first batch that isn't known to be on its disk. */
  async #stream(): Promise<void> {
    const { acceptor, tenant, signal } = this.#write;
    this.#streams++;
    const ended = new AbortController();
    for (const sent of this.#sent) sent.lsn = undefined;
    const options = { metadata: { [tenantHeader]: tenant }, signal: AbortSignal.any([signal, ended.signal]) };
    let failure: { readonly error: unknown } | undefined;
    const outgoing = this.#outgoing(ended.signal, (error) => {
      failure = { error };
      ended.abort(error);
    });
    try {
      for await (const { appMetadata } of acceptor.doExchange(outgoing, options)) {
        if (appMetadata?.length) this.#acknowledge(JSON.parse(Buffer.from(appMetadata).toString()));
        if (this.#isDone) return;
      }
    } catch (error) {
      throw failure ? failure.error : error;
    } finally {
      ended.abort();
      this.#wake();
    }
    if (failure) throw failure.error;
    if (!this.#isDone)
      throw new GrpcError(Status.UNAVAILABLE, 'the acceptor ended the stream before all was acknowledged');
  }

  async *#outgoing(ended: AbortSignal, onFailure: (error: unknown) => void): AsyncGenerator<FlightMessage> {
    yield { descriptor: { path: [this.#write.table] } };
    // A copy: what is acknowledged meanwhile leaves the list.
    for (const sent of [...this.#sent]) yield this.#message(sent);
    while (!this.#isSourceOver && !ended.aborted) {
      if (this.#isFull) {
        await this.#changed.promise;
        continue;
      }
      this.#pending ??= this.#source.next();
      let next: IteratorResult<RecordBatch>;
      try {
        next = await this.#pending;
      } catch (error) {
        this.#sourceFailed = true;
        return onFailure(error);
      }
      if (ended.aborted) return;
      this.#pending = undefined;
      if (next.done) this.#isSourceOver = true;
      else if (next.value.numRows > 0) {
        const sent = { batch: next.value, number: this.#number++, lsn: undefined };
        this.#sent.push(sent);
        yield this.#message(sent);
      }
    }
  }

  #message({ batch, number }: Sent): FlightMessage {
    const { table, durability, idempotencyKey } = this.#write;
    const request = {
      table_name: table,
      requested_durability: durability,
      idempotency_key: `${idempotencyKey}/${number}`,
    };
    return { batch, appMetadata: Buffer.from(JSON.stringify(request)) };
  }

  get #isFull(): boolean {
    if (this.#sent.length === 0) return false;
    const bytes = this.#sent.reduce((sum, { batch }) => sum + batch.data.byteLength, 0);
    return this.#sent.length >= sentMax || bytes >= sentBytesMax;
  }

  get #isDone(): boolean {
    return this.#isSourceOver && this.#sent.length === 0 && this.#waiting.length === 0;
  }

  /** Acknowledgements of `memory` come one a batch, in the batches' order: they tell which LSN is whose. */
  #acknowledge({ lsn, durability_level: level }: { lsn: number; durability_level: string }): void {
    const { durability } = this.#write;
    if (level === 'memory') {
      const sent = this.#sent.find((candidate) => candidate.lsn === undefined);
      if (sent) sent.lsn = lsn;
    }
    if (level === durability || level === 'disk') {
      const safe = this.#sent.filter((sent) => sent.lsn === lsn);
      this.#sent = this.#sent.filter((sent) => sent.lsn !== lsn);
      for (const { batch } of safe) {
        if (level === durability) this.#acknowledged += batch.numRows;
        else this.#waiting.push({ lsn, rows: batch.numRows });
      }
    }
    if (level === durability) {
      for (const waiting of this.#waiting) if (waiting.lsn <= lsn) this.#acknowledged += waiting.rows;
      this.#waiting = this.#waiting.filter((waiting) => waiting.lsn > lsn);
    }
    this.#wake();
  }

  #wake(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers();
    resolve();
  }

  /** Whether no row is written, nor may be: the acceptor refused the first ones, or the source failed before there were any. */
  isNothingWritten(error: unknown): boolean {
    if (this.#number === 0) return true;
    // What the acceptor takes it acknowledges before it refuses something: on the one stream that there was.
    const isRefused = error instanceof GrpcError && error.code === Status.INVALID_ARGUMENT && this.#streams === 1;
    return isRefused && this.#known === 0 && this.#sent.every(({ lsn }) => lsn === undefined);
  }

  get #known(): number {
    return this.#acknowledged + this.#waiting.reduce((sum, { rows }) => sum + rows, 0);
  }

  /** The error, with what is written in spite of it. */
  told(error: unknown): unknown {
    if (!(error instanceof GrpcError)) return error;
    const known = this.#known;
    const open = this.#sent.reduce((sum, { batch }) => sum + batch.numRows, 0);
    const mayBe = error.code === Status.UNAVAILABLE && open > 0;
    if (known === 0 && !mayBe) return error;
    const parts = [
      ...(known > 0 ? [`${known} rows are written and stay`] : []),
      ...(mayBe ? [`of ${open} more it is not known whether they are`] : []),
    ];
    return new GrpcError(error.code, `${error.details} (${parts.join('; ')})`, error.metadata, { cause: error });
  }

  async close(): Promise<void> {
    await this.#source.return?.();
  }
}
