import type { Dictionary } from './dictionary.ts';
import type { PackedRows } from './pack.ts';
export function buildTraceSidecars(
  _packed: PackedRows,
  _traces: Dictionary,
  _groups: readonly Int32Array[],
): { traceIndex?: Uint8Array; traceFilter?: Uint8Array } {
  return {};
}
