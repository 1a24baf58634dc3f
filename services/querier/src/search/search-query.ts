import { GrpcError, Status } from '@signaldb/grpc';
import { type CheckedSearch, checkSearch, parse, TraceQLError } from '@signaldb/traceql';
import type { TicketOf } from '../ticket.ts';

/** Reads a search's TraceQL, or makes TraceQL of its tags. @throws GrpcError INVALID_ARGUMENT with the position */
export function searchOf(ticket: TicketOf<'search'>): CheckedSearch {
  const text = ticket.q ?? tagsToTraceQL(ticket);
  try {
    return checkSearch(parse(text));
  } catch (error) {
    if (!(error instanceof TraceQLError)) throw error;
    throw new GrpcError(Status.INVALID_ARGUMENT, `invalid TraceQL query: ${error.message}`);
  }
}

const quote = (text: string): string => JSON.stringify(text);

/** Names that mean something else than an attribute in a search by tags. */
const specialTags: Readonly<Record<string, (value: string) => string>> = {
  name: (value) => `name = ${quote(value)}`,
  'root.name': (value) => `rootName = ${quote(value)}`,
  'root.service.name': (value) => `rootServiceName = ${quote(value)}`,
  error: (value) => `${anyScope('error', value)} || status ${value === 'true' ? '=' : '!='} error`,
  'status.code': (value) =>
    ['ok', 'error', 'unset'].includes(value) ? `status = ${value}` : anyScope('status.code', value),
};

/** `tags=` searches know text alone: a value is compared as text, and as a number or truth value where it looks like one. */
export function tagsToTraceQL({ tags = {}, min_duration_ns: min, max_duration_ns: max }: TicketOf<'search'>): string {
  const conditions = Object.entries(tags).map(([name, value]) => specialTags[name]?.(value) ?? anyScope(name, value));
  if (min !== undefined) conditions.push(`traceDuration >= ${min}ns`);
  if (max !== undefined) conditions.push(`traceDuration <= ${max}ns`);
  return `{ ${conditions.map((condition) => `(${condition})`).join(' && ')} }`;
}

function anyScope(name: string, value: string): string {
  const field = `.${quote(name)}`;
  const values = [quote(value)];
  if (/^-?\d{1,15}(\.\d{1,15})?$/.test(value)) values.push(value);
  if (value === 'true' || value === 'false') values.push(value);
  return values.map((literal) => `${field} = ${literal}`).join(' || ');
}
