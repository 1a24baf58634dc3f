import type { Parameter } from '@signaldb/duckdb';
import { GrpcError, Status } from '@signaldb/grpc';
import { type Data, DataType, type RecordBatch, TimeUnit } from 'apache-arrow';

const microseconds: Readonly<Record<TimeUnit, readonly [multiply: bigint, divide: bigint]>> = {
  [TimeUnit.SECOND]: [1_000_000n, 1n],
  [TimeUnit.MILLISECOND]: [1000n, 1n],
  [TimeUnit.MICROSECOND]: [1n, 1n],
  [TimeUnit.NANOSECOND]: [1n, 1000n],
};

/** One row of a batch as DuckDB takes parameters. */
export function parametersOf(batch: RecordBatch, row: number): Parameter[] {
  return batch.data.children.map((column, i) =>
    column.getValid(row) ? parameterOf(column, row, () => batch.getChildAt(i)!.get(row)) : null,
  );
}

function parameterOf(column: Data, row: number, get: () => unknown): Parameter {
  const { type } = column;
  // Arrow's JavaScript gives times as floating numbers: take what is stored.
  const stored = () => BigInt(column.values[row]);
  if (DataType.isTimestamp(type)) {
    if (type.unit === TimeUnit.NANOSECOND && !type.timezone) return { type: 'timestamp_ns', value: stored() };
    const [multiply, divide] = microseconds[type.unit];
    return { type: type.timezone ? 'timestamp_tz' : 'timestamp', value: (stored() * multiply) / divide };
  }
  if (DataType.isTime(type)) {
    const [multiply, divide] = microseconds[type.unit];
    return { type: 'time', value: (stored() * multiply) / divide };
  }
  if (DataType.isDate(type)) return { type: 'date', value: type.unit === 0 ? stored() : stored() / 86_400_000n };
  if (DataType.isDecimal(type)) return decimalText(get() as Uint32Array, type.scale);
  if (DataType.isDictionary(type)) return get() as Parameter;
  if (DataType.isList(type)) return [...(get() as Iterable<Parameter>)];
  const plain = [DataType.isNull, DataType.isBool, DataType.isInt, DataType.isFloat, DataType.isUtf8];
  const bytes = [DataType.isLargeUtf8, DataType.isBinary, DataType.isLargeBinary, DataType.isFixedSizeBinary];
  if ([...plain, ...bytes].some((is) => is(type))) return get() as Parameter;
  throw new GrpcError(Status.INVALID_ARGUMENT, `a parameter of type ${type} can't be bound`);
}

/** As text, which DuckDB casts exactly to what is wanted. */
function decimalText(words: Uint32Array, scale: number): string {
  const unsigned = words.reduceRight((value, word) => (value << 32n) | BigInt(word), 0n);
  const unscaled = BigInt.asIntN(words.length * 32, unsigned);
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  return `${unscaled < 0n ? '-' : ''}${whole}${scale === 0 ? '' : `.${digits.slice(-scale)}`}`;
}
