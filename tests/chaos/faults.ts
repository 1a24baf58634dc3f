import type { Ledger, SentRequest } from './ledger.ts';

/** A promise that wasn't kept, in words. */
export type Fault = string;

/**
 * Compares what is stored with what was sent. Every acknowledged span has to be there once; a request without an
 * acknowledgement may be there, but whole and once; nothing else.
 */
export function findFaults(ledger: Ledger, stored: ReadonlyMap<string, number>): Fault[] {
  const faults: Fault[] = [];
  for (const request of ledger.requests) {
    const counts = request.spanIds.map((id) => stored.get(id) ?? 0);
    const missing = counts.filter((count) => count === 0).length;
    const doubled = counts.filter((count) => count > 1).length;
    const what = describe(request);
    if (doubled > 0) faults.push(`${doubled} of ${counts.length} spans are stored more than once: ${what}`);
    if (missing === 0 || (missing === counts.length && request.state !== 'acknowledged')) continue;
    faults.push(`${missing} of ${counts.length} spans are missing: ${what}`);
  }
  const strangers = [...stored.keys()].filter((id) => !ledger.requestOf(id));
  if (strangers.length > 0)
    faults.push(`${strangers.length} spans are stored that nobody sent, such as ${strangers[0]}`);
  return faults;
}

export function describe({ number, state, sentAt, answeredAt }: SentRequest): string {
  const at = (time: number) => new Date(time).toISOString().slice(11, 23);
  return `request ${number}, sent ${at(sentAt)}, ${state} ${answeredAt ? at(answeredAt) : ''}`;
}
