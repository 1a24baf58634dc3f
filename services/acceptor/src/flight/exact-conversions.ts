// Conversions of plain columns, each value exactly: types that may lose something are no conversion, values that would are a MisfitError.

import { isUuidField } from '@signaldb/iceberg';
import {
  Data,
  type DataType,
  type Date_,
  DateUnit,
  type Decimal,
  type Field,
  type FixedSizeBinary,
  type Float,
  type Int,
  type IntervalUnit,
  Precision,
  type Timestamp,
  TimeUnit,
  Type,
} from 'apache-arrow';
import { MisfitError } from './misfit-error.ts';
import { uuidBytes } from './uuid-column.ts';

/** Turns a column into one of another type with as many rows, null where they were. */
export type Convert = (data: Data) => Data;

type Values = ArrayLike<number | bigint>;

/** `undefined` where the types don't go together. */
export function exactConversion(from: Field, to: Field, column: string): Convert | undefined {
  const [source, target] = [from.type, to.type];
  switch (target.typeId) {
    case Type.Int:
      return source.typeId === Type.Int ? intToInt(source as Int, target as Int) : undefined;
    case Type.Float:
      return toFloat(source, target as Float);
    case Type.Decimal:
      return toDecimal(source, target as Decimal);
    case Type.Date:
      return source.typeId === Type.Date ? dateToDate(source as Date_, target as Date_, column) : undefined;
    case Type.Time:
      return source.typeId === Type.Time ? rescaled(unitOf(source), target, column) : undefined;
    case Type.Timestamp: {
      if (source.typeId !== Type.Timestamp) return undefined;
      const isInstant = (type: DataType) => Boolean((type as Timestamp).timezone);
      return isInstant(source) === isInstant(target) ? rescaled(unitOf(source), target, column) : undefined;
    }
    case Type.Duration:
      return source.typeId === Type.Duration ? rescaled(unitOf(source), target, column) : undefined;
    case Type.Interval:
      return toInterval(source, target, column);
    case Type.FixedSizeBinary:
      if (isUuidField(to) && source.typeId === Type.Utf8) return (data) => uuidBytes(data, target, column);
      if (source.typeId === Type.Binary) return (data) => fixedBytes(data, target as FixedSizeBinary, column);
      return undefined;
    default:
      return undefined;
  }
}

/** A column of the same rows with other values. */
export function withValues(data: Data, type: DataType, values: unknown): Data {
  return new Data(type, data.offset, data.length, data.nullCount, [undefined, values, data.nullBitmap] as never);
}

export const valuesOf = ({ values, length, stride }: Data): Values & Iterable<number | bigint> =>
  (values as never as Int32Array).subarray(0, length * stride);

function typed(type: DataType, length: number): { [i: number]: number | bigint } {
  return new (type.ArrayType as new (length: number) => Int32Array)(length) as never;
}

/** Integers where each of the one type is one of the other. */
function intToInt(from: Int, to: Int): Convert | undefined {
  const bits = (type: Int) => type.bitWidth - (type.isSigned ? 1 : 0);
  if (bits(from) > bits(to) || (from.isSigned && !to.isSigned)) return undefined;
  return (data) => mapped(data, to, to.bitWidth === 64 ? BigInt : Number);
}

/** A new column of each value; what stands where there is none doesn't matter. */
function mapped(data: Data, type: DataType, convert: (value: number | bigint) => number | bigint): Data {
  const from = valuesOf(data);
  const values = typed(type, data.length);
  for (let i = 0; i < data.length; i++) values[i] = convert(from[i]!);
  return withValues(data, type, values);
}

const digitsOfFloat: Readonly<Record<Precision, number>> = {
  [Precision.HALF]: 11,
  [Precision.SINGLE]: 24,
  [Precision.DOUBLE]: 53,
};

function toFloat(from: DataType, to: Float): Convert | undefined {
  if (to.precision === Precision.HALF) return undefined;
  if (from.typeId === Type.Float) {
    const { precision } = from as Float;
    if (precision > to.precision) return undefined;
    return (data) => mapped(data, to, precision === Precision.HALF ? (bits) => halfToNumber(Number(bits)) : Number);
  }
  if (from.typeId !== Type.Int) return undefined;
  const { bitWidth, isSigned } = from as Int;
  return bitWidth - (isSigned ? 1 : 0) <= digitsOfFloat[to.precision] ? (data) => mapped(data, to, Number) : undefined;
}

function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -14 * (fraction / 1024));
}

const digitsOfInt = (type: Int): number => Math.ceil((type.bitWidth - (type.isSigned ? 1 : 0)) * Math.log10(2));

/** Integers and decimals where the target has as many digits on both sides of the point. */
function toDecimal(from: DataType, to: Decimal): Convert | undefined {
  const isInt = from.typeId === Type.Int;
  if (!isInt && from.typeId !== Type.Decimal) return undefined;
  const scale = isInt ? 0 : (from as Decimal).scale;
  const digits = isInt ? digitsOfInt(from as Int) : (from as Decimal).precision;
  if (scale > to.scale || digits - scale > to.precision - to.scale) return undefined;
  const factor = 10n ** BigInt(to.scale - scale);
  const read = isInt ? (data: Data, i: number) => BigInt(valuesOf(data)[i]!) : decimalAt;
  return (data) => {
    const words = new BigUint64Array(data.length * 2);
    for (let i = 0; i < data.length; i++) {
      const value = read(data, i) * factor;
      words[2 * i] = BigInt.asUintN(64, value);
      words[2 * i + 1] = BigInt.asUintN(64, value >> 64n);
    }
    return withValues(data, to, new Uint32Array(words.buffer));
  };
}

function decimalAt({ values, stride }: Data, i: number): bigint {
  let value = 0n;
  for (let word = stride - 1; word >= 0; word--) value = (value << 32n) | BigInt(values[i * stride + word]!);
  return BigInt.asIntN(stride * 32, value);
}

const msPerDay = 86_400_000n;

function dateToDate(from: Date_, to: Date_, column: string): Convert {
  if (from.unit === DateUnit.DAY) return (data) => mapped(data, to, (days) => BigInt(days) * msPerDay);
  return (data) => divided(data, to, msPerDay, column, 'is no whole day', Number);
}

const unitOf = (type: DataType): TimeUnit => (type as Timestamp).unit;
const perSecond: Readonly<Record<TimeUnit, bigint>> = {
  [TimeUnit.SECOND]: 1n,
  [TimeUnit.MILLISECOND]: 1000n,
  [TimeUnit.MICROSECOND]: 1_000_000n,
  [TimeUnit.NANOSECOND]: 1_000_000_000n,
};
const unitNames = ['seconds', 'milliseconds', 'microseconds', 'nanoseconds'] as const;

/** Times in another unit: a finer one has to have room for them, of a coarser one they have to be whole ones. */
function rescaled(from: TimeUnit, to: DataType, column: string): Convert {
  const unit = unitOf(to);
  const convert = typed(to, 0) instanceof BigInt64Array ? BigInt : Number;
  if (perSecond[from] > perSecond[unit]) {
    const divisor = perSecond[from] / perSecond[unit];
    const why = `has a part of ${unitNames[from]}, the column has whole ${unitNames[unit]}: round it`;
    return (data) => divided(data, to, divisor, column, why, convert);
  }
  const factor = perSecond[unit] / perSecond[from];
  return (data) => {
    const isGiven = (i: number) => data.getValid(i);
    let row = -1;
    return mapped(data, to, (value) => {
      row++;
      const product = BigInt(value) * factor;
      if (BigInt.asIntN(64, product) !== product && isGiven(row))
        throw new MisfitError(
          `column "${column}": ${value} ${unitNames[from]} in row ${row} is beyond what it can hold`,
        );
      return convert(BigInt.asIntN(64, product));
    });
  };
}

function divided(
  data: Data,
  to: DataType,
  divisor: bigint,
  column: string,
  why: string,
  convert: (value: bigint) => number | bigint,
): Data {
  let row = -1;
  return mapped(data, to, (given) => {
    row++;
    const value = BigInt(given);
    if (value % divisor !== 0n && data.getValid(row))
      throw new MisfitError(`column "${column}": the value ${value} in row ${row} ${why}`);
    return convert(value / divisor);
  });
}

/** Bytes that all have the one length. */
function fixedBytes(data: Data, to: FixedSizeBinary, column: string): Data {
  const { byteWidth } = to;
  const bytes = new Uint8Array(data.length * byteWidth);
  for (let row = 0; row < data.length; row++) {
    if (!data.getValid(row)) continue;
    const [start, end] = [data.valueOffsets[row]!, data.valueOffsets[row + 1]!];
    if (end - start !== byteWidth)
      throw new MisfitError(`column "${column}": the value in row ${row} has ${end - start} bytes, not ${byteWidth}`);
    bytes.set((data.values as Uint8Array).subarray(start, end), row * byteWidth);
  }
  return withValues(data, to, bytes);
}

/** Months, days and nanoseconds, from the other intervals and from durations. */
function toInterval(from: DataType, to: DataType, column: string): Convert | undefined {
  const parts = intervalParts(from, column);
  if (parts === undefined) return undefined;
  return (data) => {
    const words = new Int32Array(data.length * 4);
    const nanos = new BigInt64Array(words.buffer);
    for (let i = 0; i < data.length; i++) {
      if (!data.getValid(i)) continue;
      const [months, days, ns] = parts(data, i);
      words[4 * i] = months;
      words[4 * i + 1] = days;
      nanos[2 * i + 1] = ns;
    }
    return withValues(data, to, words);
  };
}

const yearMonth: IntervalUnit = 0;
const dayTime: IntervalUnit = 1;

function intervalParts(
  from: DataType,
  column: string,
): ((data: Data, i: number) => [number, number, bigint]) | undefined {
  if (from.typeId === Type.Duration) {
    const factor = perSecond[TimeUnit.NANOSECOND] / perSecond[unitOf(from)];
    return ({ values }, i) => {
      const ns = BigInt(values[i]!) * factor;
      if (BigInt.asIntN(64, ns) !== ns)
        throw new MisfitError(`column "${column}": the duration in row ${i} is beyond what an interval can hold`);
      return [0, 0, ns];
    };
  }
  if (from.typeId !== Type.Interval) return undefined;
  const { unit } = from as unknown as { unit: IntervalUnit };
  if (unit === yearMonth) return ({ values }, i) => [values[i]!, 0, 0n];
  if (unit === dayTime) return ({ values }, i) => [0, values[2 * i]!, BigInt(values[2 * i + 1]!) * 1_000_000n];
  return undefined;
}
