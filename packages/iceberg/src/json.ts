/**
 * A 64-bit integer as it stands in Iceberg's JSON and Avro: a number where that is exact, a bigint beyond (other
 * engines draw snapshot ids from all 63 bits). So two equal values are always `===`.
 */
export type Long = number | bigint;

/** The one representation of an integer: see {@link Long}. */
export function toLong(value: number | bigint): Long {
  if (typeof value === 'number') return value;
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}

const manyDigits = /\d{16}/;
const integer = /^-?\d+$/;

type SourceReviver = (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown;
const parseWithSource = JSON.parse as (text: string, reviver?: SourceReviver) => unknown;
const rawJson = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON;

/** JSON.parse that keeps integers beyond 2^53 exact, as bigint. Throws SyntaxError. */
export function parseJson(text: string): unknown {
  if (!manyDigits.test(text)) return JSON.parse(text);
  return parseWithSource(text, (_key, value, { source }) => {
    if (typeof value !== 'number' || source === undefined) return value;
    return Number.isSafeInteger(value) || !integer.test(source) ? value : BigInt(source);
  });
}

/** The inverse of {@link parseJson}: bigints are written as plain integers. */
export function stringifyJson(value: unknown): string {
  return JSON.stringify(value, (_key, part) => (typeof part === 'bigint' ? rawJson(part.toString()) : part));
}
