import { DataType, IntervalUnit } from 'apache-arrow';
import { checkWhatItReads, checkWhatItWrites } from '../ipc/exchange.ts';
import { pyarrowImplementation } from '../ipc/implementations.ts';
import type { SuiteContext } from '../suite.ts';

/** IPC streams of pyarrow (and of pandas, polars and DuckDB through it) read by packages/flight and the other way: every type, each compression, random schemas. */
export const name = 'ipc-pyarrow';

export async function run(context: SuiteContext): Promise<void> {
  const pyarrow = await pyarrowImplementation(context);
  await checkWhatItWrites(pyarrow, context);
  await checkWhatItReads(pyarrow, context, lacks);
}

/** Python knows one of the three intervals (C++ all). */
const lacks = (type: DataType) => DataType.isInterval(type) && type.unit !== IntervalUnit.MONTH_DAY_NANO;
