import { readFileSync } from 'node:fs';
import type { Value } from '../single-value.ts';

/** A file that PyIceberg wrote: see testdata/generate.py. */
export function golden(name: string): Buffer {
  return readFileSync(new URL(`../../testdata/${name}`, import.meta.url));
}

/** A value as the golden files write it. */
export type GoldenValue = null | boolean | number | string | { readonly hex: string } | { readonly bigint: string };

const wide = /^(long|time|timestamp|timestamptz|decimal.*)$/;

/** The value as this package represents it. */
export function goldenValue(type: string, value: GoldenValue): Value | null {
  if (value !== null && typeof value === 'object') {
    return 'hex' in value ? Buffer.from(value.hex, 'hex') : BigInt(value.bigint);
  }
  return typeof value === 'number' && wide.test(type) ? BigInt(value) : value;
}
