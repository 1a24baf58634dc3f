import { likePattern } from '@signaldb/flight-sql';

/**
 * What ListFlights' criteria select by name: nothing means all; with `%` a LIKE pattern, with `*` or `?` a glob, else the
 * beginning of the name.
 */
export function tableFilter(criteria: Uint8Array): (name: string) => boolean {
  const text = Buffer.from(criteria).toString('utf8');
  if (text.includes('%')) return likePattern(text);
  const literal = (part: string) => part.replace(/[\\%_]/g, '\\$&');
  if (!/[*?]/.test(text)) return likePattern(`${literal(text)}%`);
  return likePattern(literal(text).replaceAll('*', '%').replaceAll('?', '_'));
}
