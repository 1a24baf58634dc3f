import type { Data, DataType } from 'apache-arrow';
import { withValues } from './exact-conversions.ts';
import { MisfitError } from './misfit-error.ts';

/** UUIDs written as text, in the 16 bytes that they are. */
export function uuidBytes(data: Data, type: DataType, column: string): Data {
  const out = Buffer.alloc(data.length * 16);
  const text = Buffer.from(data.values.buffer, data.values.byteOffset, data.values.byteLength);
  for (let row = 0; row < data.length; row++) {
    if (!data.getValid(row)) continue;
    const value = text.toString('utf8', data.valueOffsets[row], data.valueOffsets[row + 1]);
    const digits = value.replaceAll('-', '');
    if (!/^[0-9a-fA-F]{32}$/.test(digits))
      throw new MisfitError(`column "${column}": ${JSON.stringify(value.slice(0, 100))} in row ${row} is no UUID`);
    out.write(digits, row * 16, 'hex');
  }
  return withValues(data, type, new Uint8Array(out.buffer, out.byteOffset, out.byteLength));
}
