/** What is wrong with a JSON value; whoever knows its path adds it. */
export class JsonFault extends Error {}

/** An integer given as a JSON number or as a decimal string, within bounds. */
export function integerOf(json: unknown, min: bigint, max: bigint): bigint {
  const value = exactInteger(json);
  if (value === undefined) throw new JsonFault(`${shown(json)} is not an integer`);
  if (value < min || value > max) throw new JsonFault(`${value} is not between ${min} and ${max}`);
  return value;
}

function exactInteger(json: unknown): bigint | undefined {
  if (typeof json === 'bigint') return json;
  if (typeof json === 'number') return Number.isInteger(json) ? BigInt(json) : undefined;
  if (typeof json !== 'string') return undefined;
  if (/^-?\d{1,40}$/.test(json)) return BigInt(json);
  const value = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(json) ? Number(json) : Number.NaN;
  return Number.isSafeInteger(value) ? BigInt(value) : undefined;
}

/** A double given as a JSON number, as a string that holds one, or as "NaN", "Infinity" or "-Infinity". */
export function numberOf(json: unknown): number {
  if (typeof json === 'number') return json;
  if (typeof json === 'bigint') return Number(json);
  if (typeof json === 'string') {
    if (json === 'NaN' || json === 'Infinity' || json === '-Infinity') return Number(json);
    if (/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(json)) return Number(json);
  }
  throw new JsonFault(`${shown(json)} is not a number`);
}

/** An enum given as its number, or by its name. */
export function enumOf(json: unknown, names: Readonly<Record<string, number>>): bigint {
  if (typeof json === 'string' && Object.hasOwn(names, json)) return BigInt(names[json]!);
  if (typeof json === 'string' && !/^-?\d+$/.test(json)) throw new JsonFault(`${shown(json)} is not one of its names`);
  return integerOf(json, -(2n ** 31n), 2n ** 31n - 1n);
}

/** Bytes given in base64, of the standard or the URL alphabet, padded or not. */
export function bytesOf(json: unknown): Uint8Array {
  if (typeof json !== 'string' || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(json))
    throw new JsonFault(`${shown(json)} is not base64`);
  return Buffer.from(json, 'base64');
}

/** An id given in hexadecimal, of either case. */
export function hexOf(json: unknown): Uint8Array {
  if (typeof json !== 'string' || json.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(json)) {
    throw new JsonFault(`${shown(json)} is not hexadecimal`);
  }
  return Buffer.from(json, 'hex');
}

/** A value for an error message, cut where it is long. */
export function shown(json: unknown): string {
  if (typeof json === 'object') return Array.isArray(json) ? 'an array' : 'an object';
  const text = typeof json === 'string' ? JSON.stringify(json.slice(0, 41)) : String(json);
  return text.length > 44 ? `${text.slice(0, 41)}…` : text;
}

/** A string that UTF-8 can hold. */
export function textOf(json: unknown): string {
  if (typeof json !== 'string') throw new JsonFault(`${shown(json)} is not a string`);
  if (!json.isWellFormed()) throw new JsonFault('the text has an unpaired surrogate');
  return json;
}

export function booleanOf(json: unknown): boolean {
  if (typeof json !== 'boolean') throw new JsonFault(`${shown(json)} is not a boolean`);
  return json;
}
