import { OtlpDecodeError } from '../errors.ts';

const LONG_NUMBER = /[[:,\s]-?\d{16}/;

/** JSON whose integers are exact: those beyond 2^53 come as bigints. */
export function parseJson(body: Uint8Array): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw new OtlpDecodeError('the body is not UTF-8');
  }
  try {
    return LONG_NUMBER.test(text) ? JSON.parse(text, reviveInteger) : JSON.parse(text);
  } catch (error) {
    throw new OtlpDecodeError(`the body is not JSON: ${(error as Error).message}`);
  }
}

/** The third argument has the number as it stood (ECMAScript's "JSON.parse source text access"). */
function reviveInteger(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = context?.source;
  return source !== undefined && /^-?\d+$/.test(source) ? BigInt(source) : value;
}
