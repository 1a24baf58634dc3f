import { describe, expect, it } from '@jest/globals';
import { parseTicket } from './ticket.ts';

const bytes = (value: unknown): Uint8Array => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));

describe('parseTicket', () => {
  it('reads times as nanoseconds', () => {
    expect(parseTicket(bytes({ kind: 'trace', tenant: 't', trace_id: 'AB', start: '1767225600000000001' }))).toEqual({
      kind: 'trace',
      tenant: 't',
      trace_id: 'AB',
      start: 1767225600000000001n,
    });
  });

  it.each<[unknown, RegExp]>([
    ['', /the ticket is no JSON/],
    ['null', /ticket: /],
    [{}, /kind/],
    [{ kind: 'drop', tenant: 't' }, /kind/],
    [{ kind: 'trace', trace_id: 'ab' }, /tenant/],
    [{ kind: 'trace', tenant: '../x', trace_id: 'ab' }, /tenant is no name of a tenant/],
    [{ kind: 'trace', tenant: 't', trace_id: 'xyz' }, /trace_id is no hexadecimal trace id/],
    [{ kind: 'trace', tenant: 't', trace_id: "ab' OR '1'='1" }, /trace_id/],
    [{ kind: 'trace', tenant: 't', trace_id: 'a'.repeat(33) }, /trace_id/],
    [{ kind: 'search', tenant: 't', start: 5 }, /start/],
    [{ kind: 'search', tenant: 't', start: '1e9' }, /start is no decimal string/],
    [{ kind: 'search', tenant: 't', limit: -1 }, /limit/],
    [{ kind: 'search', tenant: 't', tags: { a: 1 } }, /tags a/],
    [{ kind: 'sql', tenant: 't' }, /sql/],
    [{ kind: 'tag_values', tenant: 't', tag: '' }, /tag/],
  ])('refuses %j', (ticket, message) => {
    expect(() => parseTicket(bytes(ticket))).toThrow(message);
  });
});
