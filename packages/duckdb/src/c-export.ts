import { type Data, DataType, Field, Null, type RecordBatch, type Schema } from 'apache-arrow';
import { formatOf } from './arrow-formats.ts';
import { arrayLayout, nullableFlag, schemaLayout } from './c-schema.ts';
import { DuckDbError } from './error.ts';
import { library } from './library.ts';
import { addressOf, cString } from './memory.ts';

/**
 * Arrow data of JavaScript's memory as structs of Arrow's C data interface that point at it. Everything that C may look at is held
 * by `kept`: whoever holds the export keeps the memory. Release callbacks do nothing.
 */
export class CExport {
  readonly #kept: ArrayBufferView[] = [];

  /**
   * The address of a `struct ArrowSchema` for a table of one column `row`: a struct of the batch's columns, named `c0`, `c1`, … and one
   * of type null. As columns of their own DuckDB would ask the stream to leave some out and to filter, which this kind of stream
   * doesn't do, with wrong rows or worse; of one column there is nothing to leave out, and the null forbids filters.
   */
  rowSchema(schema: Schema): number {
    const fields = schema.fields.map((field, i) => new Field(`c${i}`, field.type, true));
    const row = this.#schema('row', '+s', false, [...fields, new Field('nothing', new Null(), true)]);
    return this.#schemaOf('', '+s', false, [row]);
  }

  /** The address of a `struct ArrowArray` for a batch as `rowSchema` has it. @throws DuckDbError `Unsupported` */
  rows(batch: RecordBatch): number {
    const columns = batch.data.children.map((child: Data) => this.#array(child));
    const nothing = this.#arrayOf(batch.numRows, batch.numRows, [], []);
    return this.#arrayOf(batch.numRows, 0, [0], [this.#arrayOf(batch.numRows, 0, [0], [...columns, nothing])]);
  }

  #schema(name: string, format: string, nullable: boolean, children: readonly Field[], dictionary?: DataType): number {
    const values = dictionary === undefined ? 0 : this.#field(new Field('', dictionary, true));
    const addresses = children.map((child) => this.#field(child));
    return this.#schemaOf(name, format, nullable, addresses, values);
  }

  #field({ name, type, nullable }: Field): number {
    if (DataType.isDictionary(type)) return this.#schema(name, formatOf(type.indices), nullable, [], type.dictionary);
    return this.#schema(name, formatOf(type), nullable, type.children ?? []);
  }

  #schemaOf(name: string, format: string, nullable: boolean, children: readonly number[], dictionary = 0): number {
    return this.#struct(schemaLayout.bytes, {
      [schemaLayout.format]: this.#keep(cString(format)),
      [schemaLayout.name]: this.#keep(cString(name)),
      [schemaLayout.flags]: nullable ? nullableFlag : 0,
      [schemaLayout.childCount]: children.length,
      [schemaLayout.children]: this.#pointers(children),
      [schemaLayout.dictionary]: dictionary,
      [schemaLayout.release]: Number(library().noOperation),
    });
  }

  #array(data: Data): number {
    const children = data.children.map((child: Data) => this.#array(child));
    const dictionary = data.dictionary === undefined ? 0 : this.#array(wholeDictionary(data));
    return this.#arrayOf(data.length, data.nullCount, this.#buffers(data), children, dictionary);
  }

  #arrayOf(
    length: number,
    nullCount: number,
    buffers: readonly number[],
    children: readonly number[],
    dictionary = 0,
  ): number {
    return this.#struct(arrayLayout.bytes, {
      [arrayLayout.length]: length,
      [arrayLayout.nullCount]: nullCount,
      [arrayLayout.bufferCount]: buffers.length,
      [arrayLayout.buffers]: this.#pointers(buffers),
      [arrayLayout.childCount]: children.length,
      [arrayLayout.children]: this.#pointers(children),
      [arrayLayout.dictionary]: dictionary,
      [arrayLayout.release]: Number(library().noOperation),
    });
  }

  #struct(bytes: number, words: Readonly<Record<number, number>>): number {
    const struct = Buffer.alloc(bytes);
    for (const [offset, word] of Object.entries(words)) struct.writeBigUInt64LE(BigInt(word), Number(offset));
    return this.#keep(struct);
  }

  #buffers(data: Data): number[] {
    const { type } = data;
    if (DataType.isNull(type)) return [];
    const validity = data.nullCount > 0 ? this.#keep(alignedBits(data.nullBitmap, data.offset, data.length)) : 0;
    if (DataType.isStruct(type) || DataType.isFixedSizeList(type)) return [validity];
    if (DataType.isList(type) || DataType.isMap(type)) return [validity, this.#keep(data.valueOffsets)];
    if (DataType.isUtf8(type) || DataType.isBinary(type))
      return [validity, this.#keep(data.valueOffsets), this.#keep(data.values)];
    if (DataType.isBool(type))
      return [validity, this.#keep(alignedBits(data.values as Uint8Array, data.offset, data.length))];
    formatOf(DataType.isDictionary(type) ? type.indices : type);
    return [validity, this.#keep(data.values)];
  }

  #pointers(list: readonly number[]): number {
    const buffer = Buffer.allocUnsafeSlow(8 * Math.max(1, list.length));
    list.forEach((pointer, i) => {
      buffer.writeBigUInt64LE(BigInt(pointer), 8 * i);
    });
    return this.#keep(buffer);
  }

  /** Holds the memory and answers its address; small typed arrays may lie on V8's heap, which moves, and are copied off it. */
  #keep(view: ArrayBufferView): number {
    const bytes = Buffer.from(view.buffer as ArrayBuffer, view.byteOffset, view.byteLength);
    const stable = bytes.length < 128 ? copyOf(bytes) : bytes;
    this.#kept.push(stable);
    return addressOf(stable);
  }

  /** Bytes and structs held, for tests. */
  get held(): number {
    return this.#kept.length;
  }
}

function copyOf(bytes: Uint8Array): Buffer {
  const copy = Buffer.allocUnsafeSlow(Math.max(8, bytes.length));
  copy.fill(0).set(bytes);
  return copy;
}

function wholeDictionary(data: Data): Data {
  const chunks = data.dictionary?.data ?? [];
  if (chunks.length !== 1) throw new DuckDbError('Unsupported', "a dictionary in several pieces can't be registered");
  return chunks[0] as Data;
}

/** The bits of an array that is a slice: `apache-arrow` cuts values and offsets to a slice, but not bitmaps. */
function alignedBits(bits: Uint8Array, offset: number, length: number): Uint8Array {
  const first = offset >> 3;
  const shift = offset & 7;
  if (shift === 0) return bits.subarray(first);
  const out = new Uint8Array((length + 7) >> 3);
  for (let i = 0; i < out.length; i++)
    out[i] = (bits[first + i]! >> shift) | ((bits[first + i + 1] ?? 0) << (8 - shift));
  return out;
}
