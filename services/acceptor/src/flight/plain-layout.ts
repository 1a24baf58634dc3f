// Text and bytes of the larger layouts in the usual one: bytes one after another, with offsets of 32 bits.
import { Data, type DataType, Type } from 'apache-arrow';
import type { Convert } from './exact-conversions.ts';
import { MisfitError } from './misfit-error.ts';

const isText = ({ typeId }: DataType) => typeId === Type.Utf8 || typeId === Type.LargeUtf8 || typeId === Type.Utf8View;
const isBinary = ({ typeId }: DataType) =>
  typeId === Type.Binary ||
  typeId === Type.LargeBinary ||
  typeId === Type.BinaryView ||
  typeId === Type.FixedSizeBinary;

const bytesMax = 0x7fffffff;

/** From any layout of text to text, of bytes to bytes; `undefined` for other types. */
export function plainLayout(from: DataType, to: DataType): Convert | undefined {
  const goTogether =
    (to.typeId === Type.Utf8 && isText(from)) || (to.typeId === Type.Binary && isBinary(from)) || isSameWidth(from, to);
  if (!goTogether) return undefined;
  switch (from.typeId) {
    case to.typeId:
      return (data) => data;
    case Type.LargeUtf8:
    case Type.LargeBinary:
      return (data) => fromLarge(data, to);
    case Type.FixedSizeBinary:
      return (data) => fromFixed(data, to);
    default:
      return (data) => fromViews(data, to);
  }
}

const isSameWidth = (from: DataType, to: DataType): boolean =>
  from.typeId === Type.FixedSizeBinary && to.typeId === Type.FixedSizeBinary && String(from) === String(to);

function plain(data: Data, type: DataType, offsets: Int32Array, bytes: Uint8Array): Data {
  return new Data(type, data.offset, data.length, data.nullCount, [offsets, bytes, data.nullBitmap] as never);
}

function fromLarge(data: Data, to: DataType): Data {
  const from = data.valueOffsets as unknown as BigInt64Array;
  if (data.length === 0) return plain(data, to, new Int32Array(1), new Uint8Array(0));
  const base = from[0]!;
  const end = from[data.length]!;
  if (end - base > bytesMax) throw new MisfitError('a column of more than 2 GiB in one batch: send smaller batches');
  const offsets = Int32Array.from({ length: data.length + 1 }, (_, i) => Number(from[i]! - base));
  return plain(data, to, offsets, (data.values as Uint8Array).subarray(Number(base), Number(end)));
}

function fromFixed(data: Data, to: DataType): Data {
  const { stride } = data;
  const offsets = Int32Array.from({ length: data.length + 1 }, (_, i) => i * stride);
  return plain(data, to, offsets, (data.values as Uint8Array).subarray(0, data.length * stride));
}

/** https://arrow.apache.org/docs/format/Columnar.html#variable-size-binary-view-layout */
function fromViews(data: Data, to: DataType): Data {
  const views = data.values as Uint8Array;
  const view = new DataView(views.buffer, views.byteOffset, views.byteLength);
  const sizeOf = (row: number) => (data.getValid(row) ? view.getInt32(row * 16, true) : 0);
  const offsets = new Int32Array(data.length + 1);
  let total = 0;
  for (let row = 0; row < data.length; row++) {
    total += sizeOf(row);
    if (total > bytesMax) throw new MisfitError('a column of more than 2 GiB in one batch: send smaller batches');
    offsets[row + 1] = total;
  }
  const bytes = new Uint8Array(total);
  for (let row = 0; row < data.length; row++) {
    const size = sizeOf(row);
    const at = row * 16;
    const isInline = size <= 12;
    const from = isInline ? at + 4 : view.getInt32(at + 12, true);
    const source = isInline ? views : data.variadicBuffers[view.getInt32(at + 8, true)]!;
    bytes.set(source.subarray(from, from + size), offsets[row]);
  }
  return plain(data, to, offsets, bytes);
}
