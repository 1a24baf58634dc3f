import { DataType, IntervalUnit } from 'apache-arrow';
import { checkWhatItReads, checkWhatItWrites } from '../ipc/exchange.ts';
import { rustImplementation } from '../ipc/implementations.ts';
import type { SuiteContext } from '../suite.ts';

/** IPC streams of Rust's Arrow read by packages/flight and the other way: every type, each compression, random schemas. */
export const name = 'ipc-rust';

export async function run(context: SuiteContext): Promise<void> {
  const rust = await rustImplementation(context);
  await checkWhatItWrites(rust, context);
  await checkWhatItReads(rust, context, lacks);
}

/** Python, which looks at what Rust read, knows one of the three intervals. */
const lacks = (type: DataType) => DataType.isInterval(type) && type.unit !== IntervalUnit.MONTH_DAY_NANO;
