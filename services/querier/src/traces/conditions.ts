import { quoteLiteral } from '@signaldb/duckdb';
import type { TimeRange } from '../time-range.ts';

/** SQL conditions for a column of nanoseconds to lie in a range. */
export function timeCondition(column: string, { min, max }: TimeRange): string[] {
  return [...(min === undefined ? [] : [`${column} >= ${min}`]), ...(max === undefined ? [] : [`${column} <= ${max}`])];
}

/** SQL condition for a column to be one of some texts. */
export function oneOf(column: string, values: readonly string[]): string {
  return `${column} IN (${values.map(quoteLiteral).join(', ')})`;
}
