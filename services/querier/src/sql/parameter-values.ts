import type { Parameter } from '@signaldb/duckdb';
import { decodeIpcStream } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import {
  type Data,
  DataType,
  type Decimal,
  Field,
  IntervalUnit,
  type RecordBatch,
  Schema,
  TimeMillisecond,
  TimestampMillisecond,
  TimeUnit,
  Utf8,
  Vector,
} from 'apache-arrow';

/** Reads a ticket's bound parameters: an Arrow stream of one row in base64. @throws GrpcError INVALID_ARGUMENT */
export function decodeParameters(base64: string): Parameter[] {
  return decodeParameterRows(base64)[0] ?? [];
}

/** Reads all rows of bound parameters. @throws GrpcError INVALID_ARGUMENT */
export function decodeParameterRows(base64: string): Parameter[][] {
  let batches: readonly RecordBatch[];
  try {
    ({ batches } = decodeIpcStream(Buffer.from(base64, 'base64')));
  } catch (error) {
    throw new GrpcError(Status.INVALID_ARGUMENT, `the parameters are no Arrow stream: ${(error as Error).message}`);
  }
  return batches.flatMap((batch) => {
    const columns = batch.schema.fields.map((field, i) => ({ field, vector: batch.getChildAt(i) }));
    return Array.from({ length: batch.numRows }, (_, row) =>
      columns.map(({ field, vector }) => (vector === null ? null : parameterAt(field.name, vector, row))),
    );
  });
}

const unitsPerMicro: Readonly<Record<TimeUnit, [multiply: bigint, divide: bigint]>> = {
  [TimeUnit.SECOND]: [1_000_000n, 1n],
  [TimeUnit.MILLISECOND]: [1000n, 1n],
  [TimeUnit.MICROSECOND]: [1n, 1n],
  [TimeUnit.NANOSECOND]: [1n, 1000n],
};

/** One value of a column. Arrow's JavaScript gives times as floating numbers: those are taken as they are stored. */
function parameterAt(name: string, vector: Vector, row: number): Parameter {
  const { type } = vector;
  const [data] = vector.data;
  if (data === undefined || DataType.isNull(type) || !vector.isValid(row)) return null;
  const stored = () => BigInt(data.values[row]);
  if (DataType.isDictionary(type)) return parameterAt(name, data.dictionary!, Number(data.values[row]));
  if (DataType.isTimestamp(type)) {
    if (type.unit === TimeUnit.NANOSECOND && type.timezone === null) return { type: 'timestamp_ns', value: stored() };
    return { type: type.timezone ? 'timestamp_tz' : 'timestamp', value: inMicros(stored(), type.unit) };
  }
  if (DataType.isTime(type)) return { type: 'time', value: inMicros(stored(), type.unit) };
  if (DataType.isDate(type)) return { type: 'date', value: type.unit === 0 ? stored() : stored() / 86_400_000n };
  if (DataType.isDuration(type)) {
    return { type: 'interval', months: 0, days: 0, micros: inMicros(stored(), type.unit) };
  }
  if (DataType.isInterval(type)) return intervalOf(type.unit, data.values as Int32Array, row);
  if (DataType.isDecimal(type)) return decimalOf(vector.get(row), type);
  if (DataType.isFloat(type)) return { type: 'double', value: Number(vector.get(row)) };
  if (isPlain(type)) return vector.get(row) as Parameter;
  return nestedOf(name, vector, data, row);
}

function isPlain(type: DataType): boolean {
  return (
    DataType.isBool(type) ||
    DataType.isInt(type) ||
    DataType.isUtf8(type) ||
    DataType.isLargeUtf8(type) ||
    DataType.isBinary(type) ||
    DataType.isLargeBinary(type) ||
    DataType.isFixedSizeBinary(type)
  );
}

function nestedOf(name: string, { type }: Vector, data: Data, row: number): Parameter {
  const children = data.children.map((child) => new Vector([child]));
  const items = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
  const [first] = children;
  if (DataType.isStruct(type)) {
    const fields = type.children.map((field, i) => [field.name, parameterAt(name, children[i]!, row)] as const);
    return { type: 'struct', fields };
  }
  if (DataType.isFixedSizeList(type)) {
    const from = row * type.listSize;
    return items(from, from + type.listSize).map((i) => parameterAt(name, first!, i));
  }
  if (DataType.isList(type) || DataType.isMap(type)) {
    const [from, to] = [Number(data.valueOffsets[row]), Number(data.valueOffsets[row + 1])];
    if (DataType.isList(type)) return items(from, to).map((i) => parameterAt(name, first!, i));
    const [keys, values] = data.children[0]!.children.map((child) => new Vector([child]));
    const entries = items(from, to).map((i) => [parameterAt(name, keys!, i), parameterAt(name, values!, i)] as const);
    return { type: 'map', entries };
  }
  throw new GrpcError(Status.INVALID_ARGUMENT, `parameter ${name} is of type ${type}, which can’t be bound`);
}

function inMicros(value: bigint, unit: TimeUnit): bigint {
  const [multiply, divide] = unitsPerMicro[unit];
  return (value * multiply) / divide;
}

function intervalOf(unit: IntervalUnit, values: Int32Array, row: number): Parameter {
  if (unit === IntervalUnit.YEAR_MONTH) return { type: 'interval', months: values[row]!, days: 0, micros: 0n };
  if (unit === IntervalUnit.DAY_TIME) {
    return { type: 'interval', months: 0, days: values[2 * row]!, micros: BigInt(values[2 * row + 1]!) * 1000n };
  }
  const [months = 0, days = 0, low = 0, high = 0] = values.subarray(4 * row, 4 * row + 4);
  const ns = (BigInt(high) << 32n) | BigInt(low >>> 0);
  return { type: 'interval', months, days, micros: ns / 1000n };
}

/** Wider ones than DuckDB has go as text, which it casts to what is wanted. */
function decimalOf(value: unknown, { precision, scale }: Decimal): Parameter {
  const words = value as Uint32Array;
  let unscaled = 0n;
  for (let i = words.length - 1; i >= 0; i--) unscaled = (unscaled << 32n) | BigInt(words[i]!);
  unscaled = BigInt.asIntN(words.length * 32, unscaled);
  if (precision <= 38 && scale >= 0 && scale <= precision) {
    return { type: 'decimal', value: unscaled, width: precision, scale };
  }
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  return `${unscaled < 0n ? '-' : ''}${whole}${scale === 0 ? '' : `.${digits.slice(-scale)}`}`;
}

/**
 * The schema of parameters as clients are told it: text where DuckDB can't tell a type, and milliseconds for times, the unit in which the
 * JDBC driver writes whatever it is told.
 */
export function announcedParameters(schema: Schema): Schema {
  return new Schema(schema.fields.map((field) => new Field(field.name, announcedType(field.type), true)));
}

function announcedType(type: DataType): DataType {
  if (DataType.isNull(type)) return new Utf8();
  if (DataType.isTimestamp(type)) return new TimestampMillisecond(type.timezone);
  if (DataType.isTime(type)) return new TimeMillisecond();
  return type;
}
