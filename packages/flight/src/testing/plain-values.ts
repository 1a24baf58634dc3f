import { type Data, DataType, type Dictionary, type RecordBatch, Type, type Union } from 'apache-arrow';

/**
 * A value as JSON that says exactly what is stored, the same in every language of the interoperability suites: integers
 * (and what is stored as one: times, unscaled decimals, the bits of a float) as decimal text, bytes as hex, lists and
 * structs and intervals as arrays, maps as arrays of [key, value], unions as [type id, value].
 */
export type PlainValue = null | boolean | string | readonly PlainValue[];

/** Each column of the batches, one batch after the other. */
export function plainColumns(columns: number, batches: readonly RecordBatch[]): PlainValue[][] {
  return Array.from({ length: columns }, (_, i) => batches.flatMap((batch) => plainValues(batch.data.children[i]!)));
}

export function plainValues(data: Data): PlainValue[] {
  return Array.from({ length: data.length }, (_, i) => plainValue(data, i));
}

function plainValue(data: Data, index: number): PlainValue {
  const { type } = data;
  if (DataType.isNull(type)) return null;
  if (DataType.isUnion(type)) return unionValue(data, type, index);
  if (!data.getValid(index)) return null;
  switch (type.typeId) {
    case Type.Bool: {
      const bit = data.offset + index;
      return ((data.values[bit >> 3] >> (bit & 7)) & 1) === 1;
    }
    case Type.Utf8:
    case Type.LargeUtf8:
      return text(variable(data, index));
    case Type.Binary:
    case Type.LargeBinary:
      return hex(variable(data, index));
    case Type.Utf8View:
      return text(viewed(data, index));
    case Type.BinaryView:
      return hex(viewed(data, index));
    case Type.FixedSizeBinary:
      return hex(data.values.subarray(index * data.stride, (index + 1) * data.stride));
    case Type.Decimal:
      return String(littleEndian(data.values.subarray(index * data.stride, (index + 1) * data.stride)));
    case Type.Interval:
      return interval(data, index);
    case Type.Float:
      return String(bitsOf(data.values, index));
    case Type.List:
    case Type.LargeList:
      return range(data, index).map((i) => plainValue(data.children[0]!, i));
    case Type.FixedSizeList:
      return Array.from({ length: data.stride }, (_, i) => plainValue(data.children[0]!, index * data.stride + i));
    case Type.Map: {
      const [keys, values] = data.children[0]!.children;
      return range(data, index).map((i) => [plainValue(keys!, i), plainValue(values!, i)]);
    }
    case Type.Struct:
      return data.children.map((child) => plainValue(child, index));
    case Type.Dictionary:
      return entry(data as unknown as Data<Dictionary>, Number(data.values[index]));
    default:
      return String(data.values[index]);
  }
}

function unionValue(data: Data, type: Union, index: number): PlainValue {
  const id = data.typeIds[index]!;
  const child = data.children[type.typeIdToChildIndex[id]!]!;
  return [String(id), plainValue(child, data.valueOffsets ? Number(data.valueOffsets[index]) : index)];
}

function entry(data: Data<Dictionary>, index: number): PlainValue {
  let rest = index;
  for (const piece of data.dictionary!.data) {
    if (rest < piece.length) return plainValue(piece, rest);
    rest -= piece.length;
  }
  throw new RangeError(`entry ${index} of a dictionary with ${data.dictionary!.length} entries`);
}

function range(data: Data, index: number): number[] {
  const begin = Number(data.valueOffsets[index]);
  return Array.from({ length: Number(data.valueOffsets[index + 1]) - begin }, (_, i) => begin + i);
}

function variable(data: Data, index: number): Uint8Array {
  return part(data.values, Number(data.valueOffsets[index]), Number(data.valueOffsets[index + 1]));
}

function viewed(data: Data, index: number): Uint8Array {
  const view = new DataView(data.values.buffer, data.values.byteOffset + index * 16, 16);
  const length = view.getInt32(0, true);
  if (length <= 12) return data.values.subarray(index * 16 + 4, index * 16 + 4 + length);
  const start = view.getInt32(12, true);
  return part(data.variadicBuffers[view.getInt32(8, true)]!, start, start + length);
}

/** `subarray` itself would give less where there isn't as much. */
function part(bytes: Uint8Array, begin: number, end: number): Uint8Array {
  if (begin < 0 || begin > end || end > bytes.length)
    throw new RangeError(`${begin} to ${end} of ${bytes.length} bytes`);
  return bytes.subarray(begin, end);
}

/** Days and milliseconds, months, or months, days and nanoseconds. */
function interval(data: Data, index: number): string[] {
  const words: Int32Array = data.values.subarray(index * data.stride, (index + 1) * data.stride);
  if (data.stride < 4) return [...words].map(String);
  return [String(words[0]), String(words[1]), String((BigInt(words[3]!) << 32n) | BigInt(words[2]! >>> 0))];
}

function littleEndian(words: Uint32Array): bigint {
  const unsigned = words.reduceRight((sum, word) => (sum << 32n) | BigInt(word), 0n);
  return BigInt.asIntN(words.length * 32, unsigned);
}

function bitsOf(values: Uint16Array | Float32Array | Float64Array, index: number): number | bigint {
  if (values instanceof Uint16Array) return values[index]!;
  const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
  return values instanceof Float32Array ? view.getUint32(index * 4, true) : view.getBigUint64(index * 8, true);
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Throws where it is none. */
function text(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
