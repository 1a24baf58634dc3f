// Record batches become one set of plain buffers, column by column: what a thread can be given without a copy, and what
// the encoder reads. All batches' buffers are put together, in the file's physical types, and each copied once.
import { type Data, type RecordBatch, type Schema, TimeUnit, Type } from 'apache-arrow';
import { columnsOfArrow, typeParameters } from './arrow-columns.ts';
import { copyBits, fillBits, getBit } from './bits.ts';
import type { ColumnNode } from './column-tree.ts';
import { ParquetError } from './footer.ts';
import { PhysicalType } from './format.ts';
import { type Allocator, freshMemory } from './packing-buffer.ts';

export type PackedValues = Uint8Array | Int32Array | Float32Array | Float64Array;

/** A column's values of all rows. */
export interface PackedColumn {
  readonly length: number;
  readonly nullCount: number;
  /** A bit a row, the lowest first, 1 = there is a value; absent when no row is null. */
  readonly validity?: Uint8Array;
  /** For byte arrays and lists: length + 1 offsets, the first is 0. */
  readonly offsets?: Int32Array;
  /** INT32: Int32Array; INT64: Int32Array of (low, high) pairs; FLOAT: Float32Array; DOUBLE: Float64Array; others: bytes (BOOLEAN: one a row). */
  readonly values?: PackedValues;
  readonly children: readonly PackedColumn[];
}

export interface PackedRows {
  readonly rows: number;
  readonly columns: readonly ColumnNode[];
  readonly data: readonly PackedColumn[];
}

/** Rows `start` to `start + length` of one batch's column; no data where the batch lacks the column. */
interface Segment {
  readonly data: Data | undefined;
  readonly start: number;
  readonly length: number;
}

/**
 * Puts batches together. A batch may lack columns of `schema`: null there; what it has beyond `schema` is left out.
 * Columns are found by name and must have `schema`'s types (ParquetError).
 */
export function packBatches(
  batches: readonly RecordBatch[],
  schema: Schema,
  memory: Allocator = freshMemory,
): PackedRows {
  const columns = columnsOfArrow(schema);
  const places = batches.map((batch) => new Map(batch.schema.fields.map((field, i) => [field.name, i])));
  const data = columns.map((node, c) => {
    const segments = batches.map((batch, b): Segment => {
      const place = places[b]!.get(node.name);
      const found = place === undefined ? undefined : batch.data.children[place]!;
      if (found && String(found.type) !== String(schema.fields[c]!.type))
        throw new ParquetError(`column ${node.name}: a batch has ${found.type}, not ${schema.fields[c]!.type}`);
      return { data: found, start: 0, length: batch.numRows };
    });
    return packColumn(node, segments, memory);
  });
  return { rows: batches.reduce((sum, batch) => sum + batch.numRows, 0), columns, data };
}

/** The buffers below packed columns that aren't shared, each once: what to hand over when they go to another thread. */
export function ownBuffersOf(columns: readonly PackedColumn[]): Set<ArrayBuffer> {
  const buffers = new Set<ArrayBuffer>();
  const visit = ({ validity, offsets, values, children }: PackedColumn) => {
    for (const view of [validity, offsets, values]) if (view?.buffer instanceof ArrayBuffer) buffers.add(view.buffer);
    children.forEach(visit);
  };
  columns.forEach(visit);
  return buffers;
}

function packColumn(node: ColumnNode, segments: readonly Segment[], memory: Allocator): PackedColumn {
  const length = segments.reduce((sum, s) => sum + s.length, 0);
  const { validity, nullCount } = packValidity(segments, length, memory);
  const common = { length, nullCount, ...(validity && { validity }) };
  if (node.kind === 'struct') {
    const children = node.children.map((child, i) =>
      packColumn(
        child,
        segments.map((s) => ({ ...s, data: s.data?.children[i] })),
        memory,
      ),
    );
    return { ...common, children };
  }
  if (node.kind !== 'leaf') {
    const { offsets, inner } = packLists(segments, length, memory);
    if (node.kind === 'list') return { ...common, offsets, children: [packColumn(node.children[0]!, inner, memory)] };
    const children = node.children.map((child, i) =>
      packColumn(
        child,
        inner.map((s) => ({ ...s, data: s.data?.children[i] })),
        memory,
      ),
    );
    return { ...common, offsets, children };
  }
  if (node.leaf!.physical === PhysicalType.BYTE_ARRAY)
    return { ...common, ...packBytes(segments, length, memory), children: [] };
  return { ...common, values: packFixed(node, segments, length, memory), children: [] };
}

const isNullType = (data: Data) => data.type.typeId === Type.Null;

function packValidity(
  segments: readonly Segment[],
  length: number,
  memory: Allocator,
): { validity?: Uint8Array; nullCount: number } {
  const nulls = segments.map((s) => (!s.data || isNullType(s.data) ? s.length : s.data.nullCount === 0 ? 0 : -1));
  if (nulls.every((n) => n === 0)) return { nullCount: 0 };
  const validity = memory.zeros((length + 7) >> 3);
  let row = 0;
  segments.forEach((s, i) => {
    if (nulls[i] === 0) fillBits(validity, row, s.length);
    else if (nulls[i] === -1) copyBits(validity, row, s.data!.nullBitmap, s.data!.offset + s.start, s.length);
    row += s.length;
  });
  let valid = 0;
  for (const byte of validity) valid += ones[byte]!;
  return valid === length ? { nullCount: 0 } : { validity, nullCount: length - valid };
}

const ones = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll('0', '').length);

function packLists(
  segments: readonly Segment[],
  length: number,
  memory: Allocator,
): { offsets: Int32Array; inner: Segment[] } {
  const offsets = memory.ints(length + 1);
  offsets[0] = 0;
  const inner: Segment[] = [];
  let row = 0;
  let total = 0;
  for (const { data, start, length: n } of segments) {
    if (data?.type.typeId === Type.FixedSizeList) {
      const size = typeParameters(data.type).listSize;
      for (let i = 0; i < n; i++) offsets[++row] = total += size;
      inner.push({ data: data.children[0], start: start * size, length: n * size });
    } else if (data && data.length > 0 && data.valueOffsets) {
      const from = data.valueOffsets;
      const first = Number(from[start]);
      const base = total - first;
      for (let i = 1; i <= n; i++) offsets[++row] = Number(from[start + i]) + base;
      total = offsets[row]!;
      inner.push({ data: data.children[0], start: first, length: total - base - first });
    } else {
      offsets.fill(total, row + 1, row + n + 1);
      row += n;
    }
  }
  return { offsets, inner };
}

function packBytes(
  segments: readonly Segment[],
  length: number,
  memory: Allocator,
): { offsets: Int32Array; values: Uint8Array } {
  const sources = segments.map((s) => (s.data ? byteSource(s.data, s.start, s.length) : undefined));
  const total = sources.reduce((sum, s) => sum + (s ? s.offsets[s.start + s.length]! - s.offsets[s.start]! : 0), 0);
  if (total > 0x7fffffff) throw new ParquetError('a column of more than 2 GiB is too large for one row group');
  const offsets = memory.ints(length + 1);
  offsets[0] = 0;
  const values = memory.bytes(total);
  let row = 0;
  let at = 0;
  sources.forEach((source, i) => {
    const n = segments[i]!.length;
    if (!source) {
      offsets.fill(at, row + 1, row + n + 1);
      row += n;
      return;
    }
    const { offsets: from, start } = source;
    const first = from[start]!;
    const end = from[start + n]!;
    const base = at - first;
    for (let k = 1; k <= n; k++) offsets[row + k] = from[start + k]! + base;
    values.set(source.bytes.subarray(first, end), at);
    row += n;
    at += end - first;
  });
  return { offsets, values };
}

interface ByteSource {
  readonly bytes: Uint8Array;
  readonly offsets: Int32Array;
  readonly start: number;
  readonly length: number;
}

const noBytes: ByteSource = { bytes: new Uint8Array(0), offsets: new Int32Array(1), start: 0, length: 0 };

/** Text and binary of every layout as bytes with 32-bit offsets; only the usual layout comes without a copy. */
function byteSource(data: Data, start: number, length: number): ByteSource {
  if (length === 0) return noBytes;
  switch (data.type.typeId) {
    case Type.Utf8:
    case Type.Binary:
      return { bytes: data.values ?? noBytes.bytes, offsets: data.valueOffsets as Int32Array, start, length };
    case Type.LargeUtf8:
    case Type.LargeBinary: {
      const from = data.valueOffsets as unknown as BigInt64Array;
      const base = from[start]!;
      const offsets = Int32Array.from({ length: length + 1 }, (_, i) => Number(from[start + i]! - base));
      return { bytes: (data.values as Uint8Array).subarray(Number(base)), offsets, start: 0, length };
    }
    case Type.Dictionary:
      return gatherDictionary(data, start, length);
    default:
      return gatherViews(data, start, length);
  }
}

function gather(length: number, valueAt: (row: number) => Uint8Array | undefined): ByteSource {
  const offsets = new Int32Array(length + 1);
  const parts: Uint8Array[] = [];
  for (let i = 0; i < length; i++) {
    const value = valueAt(i);
    if (value) parts.push(value);
    offsets[i + 1] = offsets[i]! + (value?.length ?? 0);
  }
  return { bytes: Buffer.concat(parts), offsets, start: 0, length };
}

const isValid = (data: Data, row: number) => data.nullCount === 0 || getBit(data.nullBitmap, data.offset + row);

function gatherDictionary(data: Data, start: number, length: number): ByteSource {
  const sources = data.dictionary!.data.map((d) => byteSource(d, 0, d.length));
  return gather(length, (row) => {
    if (!isValid(data, start + row)) return undefined;
    let index = Number(data.values[start + row]);
    for (const source of sources) {
      if (index < source.length)
        return source.bytes.subarray(source.offsets[source.start + index]!, source.offsets[source.start + index + 1]!);
      index -= source.length;
    }
    throw new ParquetError('an index points beyond its dictionary');
  });
}

/** https://arrow.apache.org/docs/format/Columnar.html#variable-size-binary-view-layout */
function gatherViews(data: Data, start: number, length: number): ByteSource {
  const views = data.values as Uint8Array;
  const view = new DataView(views.buffer, views.byteOffset, views.byteLength);
  return gather(length, (row) => {
    if (!isValid(data, start + row)) return undefined;
    const at = (start + row) * 16;
    const size = view.getInt32(at, true);
    if (size <= 12) return views.subarray(at + 4, at + 4 + size);
    const from = view.getInt32(at + 12, true);
    return data.variadicBuffers[view.getInt32(at + 8, true)]!.subarray(from, from + size);
  });
}

function packFixed(node: ColumnNode, segments: readonly Segment[], length: number, memory: Allocator): PackedValues {
  const { physical, typeLength = 0 } = node.leaf!;
  const out = memoryFor(physical, typeLength, length, memory);
  let row = 0;
  for (const { data, start, length: n } of segments) {
    if (data && n > 0 && !isNullType(data)) fillFixed(out, row, data, start, n, typeLength);
    row += n;
  }
  return out;
}

function memoryFor(physical: number, typeLength: number, length: number, memory: Allocator): PackedValues {
  const width = widths[physical] ?? typeLength;
  const bytes = memory.zeros(length * width);
  const { buffer, byteOffset } = bytes;
  switch (physical) {
    case PhysicalType.INT32:
      return new Int32Array(buffer, byteOffset, length);
    case PhysicalType.INT64:
      return new Int32Array(buffer, byteOffset, length * 2);
    case PhysicalType.FLOAT:
      return new Float32Array(buffer, byteOffset, length);
    case PhysicalType.DOUBLE:
      return new Float64Array(buffer, byteOffset, length);
    default:
      return bytes;
  }
}

const widths: Readonly<Record<number, number>> = {
  [PhysicalType.BOOLEAN]: 1,
  [PhysicalType.INT32]: 4,
  [PhysicalType.INT64]: 8,
  [PhysicalType.FLOAT]: 4,
  [PhysicalType.DOUBLE]: 8,
};

/** Copies a segment's values to `out` from row `at` on, turned into the file's physical type. */
function fillFixed(out: PackedValues, at: number, data: Data, start: number, n: number, typeLength: number): void {
  const { values } = data;
  const type = typeParameters(data.type);
  const slice = (width: number) => values.subarray(start * width, (start + n) * width);
  const longs = () => new BigInt64Array(out.buffer, out.byteOffset + at * 8, n);
  switch (type.typeId) {
    case Type.Bool:
      for (let i = 0; i < n; i++) out[at + i] = getBit(values, data.offset + start + i) ? 1 : 0;
      return;
    case Type.Dictionary:
      throw new ParquetError('only dictionaries of text and binary are supported');
    case Type.Int:
      if (type.bitWidth < 32 || (type.bitWidth === 32 && type.isSigned)) out.set(slice(1), at);
      else if (type.bitWidth === 64 && type.isSigned) longs().set(slice(1));
      else if (type.bitWidth === 64)
        for (let i = 0; i < n; i++)
          putBigEndian(out as Uint8Array, (at + i) * typeLength, typeLength, values[start + i]);
      else longs().set(BigInt64Array.from(slice(1), BigInt));
      return;
    case Type.Float:
      if (type.bitWidth === 16 || type.precision === 0)
        for (let i = 0; i < n; i++) out[at + i] = halfToNumber(values[start + i]);
      else out.set(slice(1), at);
      return;
    case Type.FixedSizeBinary:
      out.set(slice(typeLength), at * typeLength);
      return;
    case Type.Decimal:
      for (let i = 0; i < n; i++) {
        const words = values.subarray((start + i) * 4, (start + i) * 4 + 4) as Uint32Array;
        const value =
          (BigInt(words[3]! | 0) << 96n) | (BigInt(words[2]!) << 64n) | (BigInt(words[1]!) << 32n) | BigInt(words[0]!);
        if (typeLength > 0) putBigEndian(out as Uint8Array, (at + i) * typeLength, typeLength, value);
        else if (type.precision <= 9) out[at + i] = Number(value);
        else longs()[i] = value;
      }
      return;
    case Type.Date:
      if (type.unit === 0) out.set(slice(1), at);
      else for (let i = 0; i < n; i++) out[at + i] = Math.floor(Number(values[start + i]) / 86_400_000);
      return;
    case Type.Time:
    case Type.Timestamp: {
      const { unit } = type;
      const to = longs();
      if (unit === TimeUnit.MICROSECOND || (unit === TimeUnit.NANOSECOND && type.typeId === Type.Timestamp))
        to.set(slice(1));
      else if (unit === TimeUnit.NANOSECOND) for (let i = 0; i < n; i++) to[i] = BigInt(values[start + i]) / 1000n;
      else
        for (let i = 0; i < n; i++) to[i] = BigInt(values[start + i]) * (unit === TimeUnit.SECOND ? 1_000_000n : 1000n);
      return;
    }
    default:
      longs().set(slice(1));
  }
}

function putBigEndian(out: Uint8Array, at: number, length: number, value: bigint): void {
  for (let i = length - 1; i >= 0; i--) {
    out[at + i] = Number(value & 0xffn);
    value >>= 8n;
  }
}

function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -14 * (fraction / 1024));
}
