import { DataType } from 'apache-arrow';
import { checkWhatItReads, checkWhatItWrites } from '../ipc/exchange.ts';
import { goImplementation } from '../ipc/implementations.ts';
import type { SuiteContext } from '../suite.ts';

/** IPC streams of Go's Arrow read by packages/flight and the other way: every type, each compression, random schemas. */
export const name = 'ipc-go';

export async function run(context: SuiteContext): Promise<void> {
  const go = await goImplementation(context);
  await checkWhatItWrites(go, context);
  await checkWhatItReads(go, context, lacks);
}

/** arrow-go 18.8: "invalid size". */
const lacks = (type: DataType) => DataType.isFixedSizeList(type) && type.listSize === 0;
