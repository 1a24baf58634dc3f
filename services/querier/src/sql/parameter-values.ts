import type { Parameter } from '@signaldb/duckdb';
import { decodeIpcStream } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import {
  DataType,
  Field,
  type RecordBatch,
  Schema,
  TimeMillisecond,
  TimestampMillisecond,
  TimeUnit,
  Utf8,
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
      columns.map(({ field, vector }) => parameterOf(field, vector?.get(row), vector?.data[0]?.values, row)),
    );
  });
}

const unitsPerMicro: Readonly<Record<TimeUnit, [multiply: bigint, divide: bigint]>> = {
  [TimeUnit.SECOND]: [1_000_000n, 1n],
  [TimeUnit.MILLISECOND]: [1000n, 1n],
  [TimeUnit.MICROSECOND]: [1n, 1n],
  [TimeUnit.NANOSECOND]: [1n, 1000n],
};

function parameterOf(
  { name, type }: Field,
  value: unknown,
  raw: ArrayLike<number | bigint> | undefined,
  row: number,
): Parameter {
  if (value === null || value === undefined) return null;
  // Arrow's JavaScript gives times as floating numbers: take what is stored.
  const stored = () => BigInt(raw?.[row] ?? 0);
  if (DataType.isTimestamp(type)) {
    if (type.unit === TimeUnit.NANOSECOND && type.timezone === null) return { type: 'timestamp_ns', value: stored() };
    const [multiply, divide] = unitsPerMicro[type.unit];
    return { type: type.timezone ? 'timestamp_tz' : 'timestamp', value: (stored() * multiply) / divide };
  }
  if (DataType.isTime(type)) {
    const [multiply, divide] = unitsPerMicro[type.unit];
    return { type: 'time', value: (stored() * multiply) / divide };
  }
  if (DataType.isDate(type)) return { type: 'date', value: type.unit === 0 ? stored() : stored() / 86_400_000n };
  if (DataType.isDecimal(type)) return decimalText(value, type.scale);
  if (
    DataType.isBool(type) ||
    DataType.isInt(type) ||
    DataType.isFloat(type) ||
    DataType.isUtf8(type) ||
    DataType.isBinary(type)
  ) {
    return value as Parameter;
  }
  if (DataType.isLargeUtf8(type) || DataType.isFixedSizeBinary(type)) return value as Parameter;
  throw new GrpcError(Status.INVALID_ARGUMENT, `parameter ${name} is of type ${type}, which can’t be bound`);
}

/** As text, which DuckDB casts exactly to what is wanted. */
function decimalText(value: unknown, scale: number): string {
  const words = value as Uint32Array;
  let unscaled = 0n;
  for (let i = words.length - 1; i >= 0; i--) unscaled = (unscaled << 32n) | BigInt(words[i]!);
  unscaled = BigInt.asIntN(words.length * 32, unscaled);
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
