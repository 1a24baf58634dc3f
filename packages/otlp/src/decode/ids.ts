import type { TextColumn } from '../columns/text.ts';

/** Whether an id's bytes are all zero, which OTLP takes for no id. */
export function isZero(bytes: Uint8Array, pos: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (bytes[pos + i] !== 0) return false;
  return true;
}

/** An id that rows may lack, in hexadecimal; what isn't a valid id is none. */
export function appendOptionalId(
  column: TextColumn,
  row: number,
  bytes: Uint8Array,
  pos: number,
  length: number,
  wanted: number,
): void {
  if (length === wanted && !isZero(bytes, pos, length)) column.appendHex(row, bytes, pos, length);
}
