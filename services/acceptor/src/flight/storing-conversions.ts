// What SQL has and Iceberg hasn't, in the form in which a table's files keep it (see `storeColumns` of @signaldb/iceberg).
import { Data, type DataType, Type } from 'apache-arrow';
import { type Convert, withValues } from './exact-conversions.ts';
import { MisfitError } from './misfit-error.ts';

/** `undefined` where the type is stored by a conversion that any column may undergo. */
export function storingConversion(shown: DataType, stored: DataType, column: string): Convert | undefined {
  const isLong = stored.typeId === Type.Int;
  const isTime = shown.typeId === Type.Timestamp || shown.typeId === Type.Time || shown.typeId === Type.Duration;
  if (isLong && isTime) return (data) => withValues(data, stored, data.values);
  if (shown.typeId === Type.Interval && stored.typeId === Type.Struct)
    return (data) => intervalStruct(data, stored, column);
  return undefined;
}

const nsPerUs = 1000n;

/** An interval as a struct of its months, days and microseconds. */
function intervalStruct(data: Data, type: DataType, column: string): Data {
  const { length } = data;
  // Copied: the numbers of 64 bits have to lie where such numbers may.
  const words = Int32Array.from(data.values.subarray(0, length * 4));
  const nanos = new BigInt64Array(words.buffer);
  const months = new Int32Array(length);
  const days = new Int32Array(length);
  const micros = new BigInt64Array(length);
  for (let i = 0; i < length; i++) {
    const ns = nanos[2 * i + 1]!;
    if (ns % nsPerUs !== 0n && data.getValid(i)) {
      throw new MisfitError(
        `column "${column}": the interval in row ${i} has a part of nanoseconds, intervals here have microseconds: round it`,
      );
    }
    months[i] = words[4 * i]!;
    days[i] = words[4 * i + 1]!;
    micros[i] = ns / nsPerUs;
  }
  const children = [months, days, micros].map(
    (values, i) => new Data(type.children[i]!.type, 0, length, 0, [undefined, values] as never),
  );
  return new Data(
    type,
    data.offset,
    length,
    data.nullCount,
    [undefined, undefined, data.nullBitmap] as never,
    children,
  );
}
