import { describe, expect, it } from '@jest/globals';
import { greeting } from './greeting.ts';

const facts = {
  version: '1.2.3',
  dataDir: '/data',
  storeUrl: 's3://bucket',
  otlpGrpcPort: 1,
  otlpHttpPort: 2,
  tempoPort: 3,
  flightPort: 4,
  catalogPort: 5,
  controlPlanePort: 6,
  opsPort: 7,
};

describe('greeting', () => {
  it('says what listens where', () => {
    const text = greeting(facts);
    for (const part of ['1.2.3', '/data', 's3://bucket', 'localhost:1,', ':2', ':3', ':4', ':5', ':6', ':7/metrics'])
      expect(text).toContain(part);
  });

  it('gives a trace to send that a shell passes on as it is, and the way to read it', () => {
    const text = greeting(facts, 1_700_000_000_000, 'ab'.repeat(16));
    const body = /-d '([^']*)'/.exec(text)![1]!;
    const [span] = JSON.parse(body).resourceSpans[0].scopeSpans[0].spans;
    expect(span).toMatchObject({
      traceId: 'ab'.repeat(16),
      startTimeUnixNano: '1699999999750000000',
      endTimeUnixNano: '1700000000000000000',
    });
    expect(text).toContain(`/api/traces/${span.traceId}`);
  });
});
