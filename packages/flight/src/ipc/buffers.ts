import { decompress } from './compression.ts';
import { type FlatTable, type FlatVector, int64At } from './flatbuffer.ts';
import { IpcError, malformed } from './ipc-error.ts';
import type { IpcLimits } from './limits.ts';

const EMPTY = new Uint8Array(0);
/** Writers give each buffer a place of its own; without a bound, columns that share one would let a small message cost a lot. */
const SHARING_MAX = 4;

/**
 * The nodes and buffers of one record batch, taken one after the other. Every buffer lies inside the body; it is a view of
 * it, aligned to 8 bytes (where the sender didn't align it, a copy), or what decompressing it gave.
 * Message.fbs, RecordBatch.
 */
export class BatchBuffers {
  readonly rows: number;
  readonly #view: DataView;
  readonly #body: Uint8Array;
  readonly #nodes: FlatVector;
  readonly #buffers: FlatVector;
  readonly #variadic: FlatVector | undefined;
  readonly #codec: number | undefined;
  readonly #limits: IpcLimits;
  #node = 0;
  #buffer = 0;
  #variadicIndex = 0;
  #decompressedBytes = 0;
  #bytesLeft: number;
  #longest: number;
  /** Of the node taken last. */
  length = 0;
  nullCount = 0;

  constructor(header: FlatTable, body: Uint8Array, limits: IpcLimits) {
    this.#view = header.view;
    this.#body = body;
    this.#limits = limits;
    this.rows = header.int64(0, 'the row count');
    if (this.rows < 0) throw malformed(`the row count is negative: ${this.rows}`);
    if (this.rows > limits.rowsMax) {
      throw new IpcError('LIMIT_EXCEEDED', `a batch of ${this.rows} rows is over the limit of ${limits.rowsMax}`);
    }
    this.#longest = this.rows;
    this.#bytesLeft = body.length * SHARING_MAX + 65_536;
    this.#nodes = header.vector(1, 16) ?? { start: 0, length: 0 };
    this.#buffers = header.vector(2, 16) ?? { start: 0, length: 0 };
    const compression = header.table(3);
    this.#codec = compression?.uint8(0);
    if (compression && compression.uint8(1) !== 0) {
      throw malformed(`unknown method of body compression: ${compression.uint8(1)}`);
    }
    this.#variadic = header.vector(4, 8);
  }

  /** Takes the next node: `length` and `nullCount` are its. */
  nextNode(where: string): void {
    if (this.#node >= this.#nodes.length) throw malformed(`${where}: the batch has no more field nodes`);
    const position = this.#nodes.start + this.#node++ * 16;
    this.length = int64At(this.#view, position, `${where}: the length`);
    this.nullCount = int64At(this.#view, position + 8, `${where}: the null count`);
    if (this.length < 0 || this.length > this.#limits.rowsMax) {
      throw malformed(`${where}: length ${this.length} is out of range`);
    }
    if (this.length > this.#longest) this.#longest = this.length;
    if (this.nullCount < -1 || this.nullCount > this.length) {
      throw malformed(`${where}: ${this.nullCount} nulls in ${this.length} values`);
    }
  }

  /** Takes the next buffer and checks that it has at least `bytesMin` bytes. */
  nextBuffer(bytesMin: number, where: string, what: string): Uint8Array {
    if (this.#buffer >= this.#buffers.length) throw malformed(`${where}: the batch has no more buffers`);
    const position = this.#buffers.start + this.#buffer++ * 16;
    const offset = int64At(this.#view, position, `${where}: the offset of the ${what} buffer`);
    const length = int64At(this.#view, position + 8, `${where}: the length of the ${what} buffer`);
    if (offset < 0 || length < 0 || offset + length > this.#body.length) {
      throw malformed(
        `${where}: the ${what} buffer (${length} bytes at ${offset}) lies outside the body of ${this.#body.length} bytes`,
      );
    }
    this.#bytesLeft -= length;
    if (this.#bytesLeft < 0) {
      throw malformed(
        `${where}: the buffers overlap, together they are more than the body of ${this.#body.length} bytes`,
      );
    }
    const bytes = length === 0 ? EMPTY : this.#content(offset, length, where, what);
    if (bytes.length < bytesMin) {
      throw malformed(`${where}: the ${what} buffer has ${bytes.length} bytes, ${this.length} values need ${bytesMin}`);
    }
    return bytes;
  }

  nextVariadicCount(where: string): number {
    if (!this.#variadic || this.#variadicIndex >= this.#variadic.length) {
      throw malformed(`${where}: the batch doesn't say how many data buffers it has`);
    }
    const position = this.#variadic.start + this.#variadicIndex++ * 8;
    const count = int64At(this.#view, position, `${where}: the number of data buffers`);
    if (count < 0 || count > this.#buffers.length - this.#buffer) {
      throw malformed(`${where}: ${count} data buffers are announced, the batch doesn't have them`);
    }
    return count;
  }

  /** Refuses what no field asked for: the batch belongs to another schema then. */
  finish(): void {
    if (this.#node < this.#nodes.length || this.#buffer < this.#buffers.length) {
      const nodes = this.#nodes.length - this.#node;
      const buffers = this.#buffers.length - this.#buffer;
      throw malformed(`the batch has ${nodes} nodes and ${buffers} buffers more than its schema`);
    }
    const bits = (this.#body.length + this.#decompressedBytes) * 8;
    if (this.#longest > this.#limits.rowsWithoutBytesMax && this.#longest > bits) {
      const limit = this.#limits.rowsWithoutBytesMax;
      throw new IpcError(
        'LIMIT_EXCEEDED',
        `${this.#longest} values without bytes for them are over the limit of ${limit}`,
      );
    }
  }

  #content(offset: number, length: number, where: string, what: string): Uint8Array {
    const start = this.#body.byteOffset + offset;
    if (this.#codec === undefined) return aligned(this.#body.buffer as ArrayBuffer, start, length);
    if (length < 8) throw malformed(`${where}: the compressed ${what} buffer has only ${length} bytes`);
    const view = new DataView(this.#body.buffer, start, 8);
    const size = int64At(view, 0, `${where}: the uncompressed length of the ${what} buffer`);
    if (size === -1) return aligned(this.#body.buffer as ArrayBuffer, start + 8, length - 8);
    if (size < 0) throw malformed(`${where}: the uncompressed length of the ${what} buffer is negative`);
    if (size === 0) return EMPTY; // Java's Arrow writes the length of an empty buffer, and no frame after it
    this.#decompressedBytes += size;
    if (this.#decompressedBytes > this.#limits.decompressedBytesMax) {
      const limit = this.#limits.decompressedBytesMax;
      throw new IpcError('LIMIT_EXCEEDED', `a batch grows beyond ${limit} bytes when it is decompressed`);
    }
    const bytes = decompress(this.#codec, this.#body.subarray(offset + 8, offset + length), size);
    return aligned(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length);
  }
}

/** Typed arrays need aligned memory. */
function aligned(buffer: ArrayBuffer, start: number, length: number): Uint8Array {
  if (start % 8 === 0) return new Uint8Array(buffer, start, length);
  const copy = new Uint8Array(length);
  copy.set(new Uint8Array(buffer, start, length));
  return copy;
}
