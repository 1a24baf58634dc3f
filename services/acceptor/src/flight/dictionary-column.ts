import { Binary, Data, DataType, Type, Utf8, type Vector } from 'apache-arrow';
import { MisfitError } from './misfit-error.ts';
import { plainLayout } from './plain-layout.ts';

/** The type that decoded values have: views in the usual layout. */
export function plainForm(type: DataType): DataType {
  if (type.typeId === Type.Utf8View) return new Utf8();
  return type.typeId === Type.BinaryView ? new Binary() : type;
}

/** Where a value of a dictionary is. */
interface Place {
  readonly chunk: Data;
  readonly at: number;
}

/** A column with its values in place of their numbers. Throws MisfitError for dictionaries of nested values. */
export function decodeDictionary(data: Data, column: string): Data {
  const dictionary = data.dictionary as Vector;
  const plain = plainForm(dictionary.type);
  const toPlain = plainLayout(dictionary.type, plain);
  const chunks = (dictionary.data as readonly Data[]).map((chunk) => toPlain?.(chunk) ?? chunk);
  const type = plain;
  const placeOf = (row: number): Place | undefined => {
    if (!data.getValid(row)) return undefined;
    let at = Number((data.values as ArrayLike<number | bigint>)[row]);
    for (const chunk of chunks) {
      if (at < chunk.length) return chunk.getValid(at) ? { chunk, at } : undefined;
      at -= chunk.length;
    }
    throw new MisfitError(`column "${column}": row ${row} names a value that its dictionary lacks`);
  };
  const places = Array.from({ length: data.length }, (_, row) => placeOf(row));
  const { validity, nullCount } = validityOf(places);
  const made = (offsets: unknown, values: unknown) =>
    new Data(type, 0, data.length, nullCount, [offsets, values, validity] as never);
  if (DataType.isUtf8(type) || DataType.isBinary(type)) return made(...bytesOf(places));
  if (DataType.isLargeUtf8(type) || DataType.isLargeBinary(type)) {
    const [offsets, bytes] = bytesOf(places);
    return made(BigInt64Array.from(offsets, BigInt), bytes);
  }
  if (DataType.isBool(type))
    return made(
      undefined,
      bitsOf(places, ({ chunk, at }) => bitAt(chunk, at)),
    );
  if (type.children?.length || type.typeId === Type.Null) {
    throw new MisfitError(
      `column "${column}" is a dictionary of ${type}, which can't be stored: send the values themselves`,
    );
  }
  return made(undefined, fixedOf(places, type, data.length));
}

function validityOf(places: readonly (Place | undefined)[]): { validity: Uint8Array; nullCount: number } {
  const nullCount = places.reduce((count, place) => count + (place === undefined ? 1 : 0), 0);
  return { validity: nullCount === 0 ? new Uint8Array(0) : bitsOf(places, () => true), nullCount };
}

function bitsOf(places: readonly (Place | undefined)[], isSet: (place: Place) => boolean): Uint8Array {
  const bits = new Uint8Array((places.length + 7) >> 3);
  places.forEach((place, row) => {
    if (place !== undefined && isSet(place)) bits[row >> 3]! |= 1 << (row & 7);
  });
  return bits;
}

const bitAt = ({ values, offset }: Data, index: number): boolean =>
  ((values[(offset + index) >> 3]! >> ((offset + index) & 7)) & 1) === 1;

function bytesOf(places: readonly (Place | undefined)[]): [Int32Array, Uint8Array] {
  const range = ({ chunk, at }: Place) => [Number(chunk.valueOffsets[at]), Number(chunk.valueOffsets[at + 1])] as const;
  const offsets = new Int32Array(places.length + 1);
  places.forEach((place, row) => {
    const [start, end] = place ? range(place) : [0, 0];
    offsets[row + 1] = offsets[row]! + end - start;
  });
  const bytes = new Uint8Array(offsets.at(-1)!);
  places.forEach((place, row) => {
    if (place) bytes.set((place.chunk.values as Uint8Array).subarray(...range(place)), offsets[row]);
  });
  return [offsets, bytes];
}

function fixedOf(places: readonly (Place | undefined)[], type: DataType, rows: number): unknown {
  const stride = places.find((place) => place !== undefined)?.chunk.stride ?? 1;
  const values = new (type.ArrayType as new (length: number) => Int32Array)(rows * stride);
  places.forEach((place, row) => {
    if (place) values.set(place.chunk.values.subarray(place.at * stride, (place.at + 1) * stride), row * stride);
  });
  return values;
}
