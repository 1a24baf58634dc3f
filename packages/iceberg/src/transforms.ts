import { Buffer } from 'node:buffer';
import { bucketHash } from './bucket-hash.ts';
import type { PrimitiveType } from './schema.ts';
import type { Value } from './single-value.ts';

/** `identity`, `year`, `month`, `day`, `hour`, `void`, `bucket[N]`, `truncate[W]`. https://iceberg.apache.org/spec/#partition-transforms */
export type Transform = string;

const microsPerHour = 3_600_000_000n;
const microsPerDay = 24n * microsPerHour;

const parameterised = /^(bucket|truncate)\[(\d+)\]$/;
const plain = new Set(['identity', 'year', 'month', 'day', 'hour', 'void', 'unknown']);

export interface ParsedTransform {
  readonly name: 'identity' | 'year' | 'month' | 'day' | 'hour' | 'void' | 'bucket' | 'truncate' | 'unknown';
  /** N or W. */
  readonly parameter: number;
}

/** A transform's name taken apart; one that isn't known is `unknown`, as the specification asks of readers. */
export function parseTransform(transform: Transform): ParsedTransform {
  const match = parameterised.exec(transform);
  if (match) return { name: match[1] as 'bucket' | 'truncate', parameter: Number(match[2]) };
  return { name: (plain.has(transform) ? transform : 'unknown') as ParsedTransform['name'], parameter: 0 };
}

/** The type of a transform's results. */
export function transformResultType(transform: Transform, source: PrimitiveType): PrimitiveType {
  const { name } = parseTransform(transform);
  if (name === 'bucket' || name === 'year' || name === 'month' || name === 'hour') return 'int';
  if (name === 'day') return 'date';
  if (name === 'unknown') return 'string';
  return source;
}

/** Whether a value's order survives the transform, so that bounds of the source can prune partitions. */
export function preservesOrder(transform: Transform): boolean {
  return ['identity', 'year', 'month', 'day', 'hour', 'truncate'].includes(parseTransform(transform).name);
}

const dates = /^(date|timestamp|timestamptz)$/;

/** Whether a transform is known and its source may have this type. */
export function takesType(transform: Transform, type: PrimitiveType): boolean {
  const { name, parameter } = parseTransform(transform);
  switch (name) {
    case 'bucket':
      return parameter > 0 && !/^(boolean|float|double)$/.test(type);
    case 'truncate':
      return parameter > 0 && /^(int|long|string|binary|decimal.*)$/.test(type);
    case 'year':
    case 'month':
    case 'day':
      return dates.test(type);
    case 'hour':
      return isTimestamp(type);
    default:
      return name !== 'unknown';
  }
}

/** Applies a transform to a value of the source type. Null stays null. Throws RangeError for what the transform doesn't take. */
export function applyTransform(transform: Transform, type: PrimitiveType, value: Value | null): Value | null {
  if (value === null) return null;
  const { name, parameter } = parseTransform(transform);
  switch (name) {
    case 'identity':
      return value;
    case 'void':
      return null;
    case 'bucket':
      return (bucketHash(type, value) & 0x7fff_ffff) % parameter;
    case 'truncate':
      return truncate(type, value, parameter);
    case 'hour':
      if (isTimestamp(type)) return Number(floorDivide(BigInt(value as bigint), microsPerHour));
      break;
    case 'day':
    case 'month':
    case 'year': {
      const days = daysOf(type, value);
      if (days !== undefined) return name === 'day' ? days : calendar(days, name);
      break;
    }
    default:
  }
  throw new RangeError(`transform ${transform} doesn't take ${type}`);
}

const isTimestamp = (type: PrimitiveType) => type === 'timestamp' || type === 'timestamptz';

function daysOf(type: PrimitiveType, value: Value): number | undefined {
  if (type === 'date') return value as number;
  return isTimestamp(type) ? Number(floorDivide(BigInt(value as bigint), microsPerDay)) : undefined;
}

/** Months or years since 1970-01, of days since 1970-01-01. */
function calendar(days: number, unit: 'month' | 'year'): number {
  const date = new Date(days * 86_400_000);
  const years = date.getUTCFullYear() - 1970;
  return unit === 'year' ? years : years * 12 + date.getUTCMonth();
}

function truncate(type: PrimitiveType, value: Value, width: number): Value {
  if (type === 'int') return (value as number) - modulo(value as number, width);
  if (type === 'long' || type.startsWith('decimal')) {
    const wide = BigInt(value as bigint);
    return wide - (((wide % BigInt(width)) + BigInt(width)) % BigInt(width));
  }
  if (type === 'string')
    return Array.from(value as string)
      .slice(0, width)
      .join('');
  if (type === 'binary') return Buffer.from(value as Uint8Array).subarray(0, width);
  throw new RangeError(`transform truncate[${width}] doesn't take ${type}`);
}

const modulo = (value: number, by: number) => ((value % by) + by) % by;

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value < 0n && quotient * by !== value ? quotient - 1n : quotient;
}
