import { describe, expect, it } from '@jest/globals';
import { Metadata } from '@signaldb/grpc';
import { readTraceParent, traceHeaders } from './trace-parent.ts';

const id = '0af7651916cd43dd8448eb211c80319c';
const span = 'b7ad6b7169203331';
const read = (traceparent: string, tracestate?: string) =>
  readTraceParent(new Metadata({ traceparent, ...(tracestate !== undefined && { tracestate }) }));

describe('traceparent', () => {
  it.each([
    [`00-${id}-${span}-01`, true],
    [`00-${id}-${span}-00`, false],
    [`00-${id}-${span}-03`, true],
    [`01-${id}-${span}-01`, true],
    [`01-${id}-${span}-01-more`, true],
  ])('%s is read', (text, sampled) => {
    expect(read(text)).toEqual({ traceId: id, spanId: span, sampled });
  });

  it.each([
    '',
    'nonsense',
    `00-${id}-${span}`,
    `00-${id}-${span}-01-more`,
    `ff-${id}-${span}-01`,
    `00-${'0'.repeat(32)}-${span}-01`,
    `00-${id}-${'0'.repeat(16)}-01`,
    `00-${id.toUpperCase()}-${span}-01`,
    `00-${id.slice(1)}-${span}-01`,
  ])('%s is none', (text) => {
    expect(read(text)).toBeUndefined();
  });

  it('is written as it was read, with its state', () => {
    const headers = { traceparent: `00-${id}-${span}-01`, tracestate: 'a=1,b=2' };
    expect(traceHeaders(read(headers.traceparent, headers.tracestate)!)).toEqual(headers);
    expect(read(headers.traceparent, 'x'.repeat(513))?.state).toBeUndefined();
    const get = (key: string) => (key === 'tracestate' ? 'a=\xe4' : headers.traceparent);
    expect(readTraceParent({ get })).toEqual({ traceId: id, spanId: span, sampled: true });
    expect(traceHeaders({ traceId: id, spanId: span, sampled: false })).toEqual({ traceparent: `00-${id}-${span}-00` });
  });
});
