// What Grafana and people put into the Tempo API's URLs, checked; errors say which parameter and what it takes.
import { GrpcError, Status } from '@signaldb/grpc';

export type QueryString = Readonly<Record<string, string | readonly string[] | undefined>>;

const refuse = (message: string): never => {
  throw new GrpcError(Status.INVALID_ARGUMENT, message);
};

/** The first value of a parameter; an empty one counts as absent. */
export function one(query: QueryString, name: string): string | undefined {
  const value = query[name];
  return (typeof value === 'string' ? value : value?.[0]) || undefined;
}

/** A whole number within bounds. */
export function wholeNumber(
  query: QueryString,
  name: string,
  bounds: { readonly min: number; readonly max: number; readonly default: number },
): number {
  const text = one(query, name);
  if (text === undefined) return bounds.default;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < bounds.min || value > bounds.max) {
    return refuse(`invalid ${name} ${JSON.stringify(text)}: a whole number from ${bounds.min} to ${bounds.max}`);
  }
  return value;
}

/** Half-open span of time in nanoseconds. */
export interface TimeRange {
  readonly startNs?: bigint;
  readonly endNs?: bigint;
}

/** `start` and `end` in seconds since 1970. Both or one may be missing. */
export function timeRange(query: QueryString): TimeRange {
  const start = seconds(one(query, 'start'), 'start');
  const end = seconds(one(query, 'end'), 'end');
  return checkRange({ ...(start !== undefined && { startNs: start }), ...(end !== undefined && { endNs: end }) });
}

function seconds(text: string | undefined, name: string): bigint | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,10}$/.test(text)) return refuse(`invalid ${name} ${JSON.stringify(text)}: seconds since 1970`);
  return BigInt(text) * 1_000_000_000n;
}

/** Refuses a range that holds nothing. */
export function checkRange(range: TimeRange): TimeRange {
  const { startNs, endNs } = range;
  if (startNs !== undefined && endNs !== undefined && startNs >= endNs) {
    refuse(`start (${startNs / 1_000_000_000n}) has to be before end (${endNs / 1_000_000_000n})`);
  }
  return range;
}

/** How a ticket says a range. */
export function ticketRange({ startNs, endNs }: TimeRange): { start?: string; end?: string } {
  return {
    ...(startNs !== undefined && { start: String(startNs) }),
    ...(endNs !== undefined && { end: String(endNs) }),
  };
}

const nsPerUnit: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };

/** A duration such as `1.5s` or `1h30m`, in nanoseconds. */
export function duration(query: QueryString, name: string): bigint | undefined {
  const text = one(query, name);
  if (text === undefined) return undefined;
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(text))
    return refuse(`invalid ${name} ${JSON.stringify(text)}: a duration such as 100ms or 1h30m`);
  let ns = 0;
  for (const [, count, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g))
    ns += Number(count) * nsPerUnit[unit!]!;
  return BigInt(Math.round(ns));
}

/** A trace id of 1 to 32 hex digits, padded to 32 in lower case. */
export function traceId(text: string): string {
  if (!/^[0-9a-fA-F]{1,32}$/.test(text))
    refuse(`invalid trace id ${JSON.stringify(text.slice(0, 64))}: 1 to 32 hex digits`);
  return text.toLowerCase().padStart(32, '0');
}

/** The `tags` parameter in logfmt: `service.name=shop http.url="/a b"`. */
export function logfmt(text: string): Record<string, string> {
  const tags: Record<string, string> = Object.create(null);
  const pair = /\s*([^\s="]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*)))?(?=\s|$)/y;
  let offset = 0;
  while (offset < text.trimEnd().length) {
    pair.lastIndex = offset;
    const found = pair.exec(text);
    if (!found)
      return refuse(`invalid tags at character ${offset + 1}: logfmt such as service.name=shop http.url="/a b"`);
    tags[found[1]!] = found[2] !== undefined ? found[2].replace(/\\(.)/g, '$1') : (found[3] ?? '');
    offset = pair.lastIndex;
  }
  return tags;
}

/** The tag in a path. Grafana encodes it twice; the framework has decoded it once. */
export function tagName(text: string): string {
  if (!/%[0-9a-fA-F]{2}/.test(text)) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
