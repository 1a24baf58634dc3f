import { Worker } from 'node:worker_threads';
import { type Field, type RecordBatch, Schema } from 'apache-arrow';
import { type EncodedFile, type EncodeOptions, encodePacked } from './encode.ts';
import { ParquetError } from './footer.ts';
import { ownBuffersOf, type PackedRows, packBatches } from './pack.ts';
import { type PackingBuffer, PackingBufferPool } from './packing-buffer.ts';

export interface EncoderOptions {
  /** Threads that encode. 0: on the calling thread. Default 1. */
  readonly workers?: number;
}

/**
 * Encodes batches off the event loop. Batches are copied when `encode` is called (some 0.2 µs a row of 70 columns) and
 * may be changed or dropped after that. Calls run side by side as far as there are threads; the rest wait in order.
 */
export interface Encoder {
  /**
   * Rows of all batches, in files. `schema` (default: the columns of all batches, as they first appear) tells the files'
   * columns; batches may lack some of them. Throws ParquetError for types that can't be stored; any other error means
   * that the thread died, which the next call starts again.
   */
  encode(
    batches: readonly RecordBatch[],
    options?: EncodeOptions & { readonly schema?: Schema },
  ): Promise<EncodedFile[]>;
  /** Encoded and not yet answered calls. */
  readonly pending: number;
  /** Waits for what is under way. May be called twice. */
  close(): Promise<void>;
}

export interface EncodeRequest {
  readonly id: number;
  readonly packed: PackedRows;
  readonly options: EncodeOptions;
}
export type EncodeReply =
  | { readonly id: number; readonly files: EncodedFile[] }
  | { readonly id: number; readonly error: { readonly name: string; readonly message: string } };

/** The columns of all batches, in the order in which they first appear. Throws ParquetError where one comes with two types. */
export function unionSchema(batches: readonly RecordBatch[]): Schema {
  const fields = new Map<string, Field>();
  for (const { schema } of batches) {
    for (const field of schema.fields) {
      const known = fields.get(field.name);
      if (!known) fields.set(field.name, field);
      else if (known !== field && String(known.type) !== String(field.type))
        throw new ParquetError(`column ${field.name} comes as ${known.type} and as ${field.type}`);
    }
  }
  return new Schema([...fields.values()]);
}

export function createEncoder({ workers = 1 }: EncoderOptions = {}): Encoder {
  const threads = Array.from({ length: workers }, () => new EncodeThread());
  let closed = false;
  return {
    get pending() {
      return threads.reduce((sum, thread) => sum + thread.pending, 0);
    },
    async encode(batches, { schema, ...options } = {}) {
      if (closed) throw new Error('the encoder is closed');
      const columns = schema ?? unionSchema(batches);
      if (threads.length === 0) return encodePacked(packBatches(batches, columns), options);
      return threads.reduce((a, b) => (b.pending < a.pending ? b : a)).run(batches, columns, options);
    },
    async close() {
      closed = true;
      await Promise.all(threads.map((thread) => thread.close()));
    },
  };
}

interface Waiting {
  /** What was packed for the thread: nobody else's until it has answered. */
  readonly memory: PackingBuffer;
  resolve(files: EncodedFile[]): void;
  reject(error: Error): void;
}

/** A worker and the calls that wait for it. It starts with the first call and again after a crash. */
class EncodeThread {
  #worker: Worker | undefined;
  #waiting = new Map<number, Waiting>();
  #lastId = 0;
  readonly #buffers = new PackingBufferPool();

  get pending(): number {
    return this.#waiting.size;
  }

  run(batches: readonly RecordBatch[], schema: Schema, options: EncodeOptions): Promise<EncodedFile[]> {
    const memory = this.#buffers.take();
    const packed = packBatches(batches, schema, memory);
    this.#buffers.note(memory);
    this.#worker ??= this.#start();
    const worker = this.#worker;
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, memory });
      worker.ref();
      const request: EncodeRequest = { id, packed, options };
      worker.postMessage(request, [...ownBuffersOf(packed.data)]);
    });
  }

  #start(): Worker {
    // Beside this file: as source while developing, compiled in an image.
    const worker = new Worker(
      new URL(import.meta.url.endsWith('.ts') ? './encode-worker.ts' : './encode-worker.js', import.meta.url),
    );
    worker.on('message', (reply: EncodeReply) => this.#answer(reply));
    const died = (error: Error) => {
      if (this.#worker === worker) this.#worker = undefined;
      const waiting = [...this.#waiting.values()];
      this.#waiting.clear();
      for (const { reject } of waiting) reject(error);
    };
    worker.on('error', (error: Error) => died(error));
    worker.on('exit', (code) => died(new Error(`the encoder's thread ended with code ${code}`)));
    return worker;
  }

  #answer(reply: EncodeReply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (waiting) this.#buffers.give(waiting.memory);
    if (this.#waiting.size === 0) this.#worker?.unref();
    if ('files' in reply) waiting?.resolve(reply.files);
    else
      waiting?.reject(
        reply.error.name === 'ParquetError'
          ? new ParquetError(reply.error.message)
          : Object.assign(new Error(reply.error.message), { name: reply.error.name }),
      );
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#waiting.values()].map((w) => new Promise<void>((done) => chain(w, done))));
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }
}

function chain(waiting: Waiting, done: () => void): void {
  const { resolve, reject } = waiting;
  waiting.resolve = (files) => {
    resolve(files);
    done();
  };
  waiting.reject = (error) => {
    reject(error);
    done();
  };
}
