import { DataType } from 'apache-arrow';
import { checkWhatItReads, checkWhatItWrites } from '../ipc/exchange.ts';
import { javaImplementation } from '../ipc/implementations.ts';
import type { SuiteContext } from '../suite.ts';

/** IPC streams of Java's Arrow read by packages/flight and the other way: every type, each compression, random schemas. */
export const name = 'ipc-java';

export async function run(context: SuiteContext): Promise<void> {
  const java = await javaImplementation(context);
  await checkWhatItWrites(java, context);
  await checkWhatItReads(java, context, lacks);
}

/**
 * Java 18.3 knows no decimals below 128 bits, no members of one name, and of unions only those of plain members of different types, outside of
 * lists of fixed size.
 */
function lacks(type: DataType): boolean {
  if (DataType.isFixedSizeList(type) && DataType.isUnion(type.children[0]?.type)) return true;
  if (DataType.isDecimal(type)) return type.bitWidth < 128;
  if (DataType.isStruct(type)) return new Set(type.children.map((member) => member.name)).size < type.children.length;
  if (!DataType.isUnion(type)) return false;
  const members = type.children.map((member) => String(member.type));
  return (
    new Set(members).size < members.length || !members.every((member) => /^(Bool|Int32|Float64|Utf8)$/.test(member))
  );
}
