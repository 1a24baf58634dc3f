/**
 * Headers that let a web page of this origin send OTLP; `undefined` where it may not, or where no browser asks.
 * https://fetch.spec.whatwg.org/#http-cors-protocol
 */
export function corsHeaders(
  origin: string | undefined,
  allowed: readonly string[],
): Record<string, string> | undefined {
  if (origin === undefined || !(allowed.includes('*') || allowed.includes(origin))) return undefined;
  return {
    'access-control-allow-origin': origin,
    'access-control-allow-methods': 'POST',
    'access-control-allow-headers': 'content-type, content-encoding, x-scope-orgid, authorization',
    'access-control-expose-headers': 'retry-after',
    'access-control-max-age': '7200',
    vary: 'origin',
  };
}
