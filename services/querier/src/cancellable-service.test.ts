import { describe, expect, it } from '@jest/globals';
import type { CallContext, FlightService } from '@signaldb/flight';
import { GrpcError, Metadata, Status } from '@signaldb/grpc';
import { cancellableService } from './cancellable-service.ts';

const json = (value: object) => Buffer.from(JSON.stringify(value));
const context: CallContext = {
  metadata: new Metadata(),
  responseHeaders: new Metadata(),
  signal: new AbortController().signal,
  peer: 'test',
  transport: 'inproc',
};

/** Sends one message, then nothing until it is stopped. */
const endless: Partial<FlightService> = {
  async *doGet(_ticket, { signal }) {
    yield { appMetadata: Buffer.from('began') };
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    throw new GrpcError(Status.CANCELLED, 'the query was cancelled');
  },
};

async function cancel(service: Partial<FlightService>, body: object): Promise<object[]> {
  const results: object[] = [];
  for await (const result of service.doAction!({ type: 'cancel', body: json(body) }, context))
    results.push(JSON.parse(Buffer.from(result).toString()));
  return results;
}

describe('a query with a name', () => {
  const ticket = { kind: 'sql', tenant: 'acme', sql: 'SELECT 1', query_id: 'q' };

  it('is stopped with all its tickets, and not begun again', async () => {
    const service = cancellableService(endless);
    const shares = [1, 2].map(() => service.doGet!(json(ticket), context)[Symbol.asyncIterator]());
    for (const share of shares) expect((await share.next()).done).toBe(false);
    const ends = shares.map((share) => share.next());
    expect(await cancel(service, { tenant: 'acme', query_id: 'q' })).toEqual([{ cancelled: 2 }]);
    for (const end of ends) await expect(end).rejects.toMatchObject({ code: Status.CANCELLED });
    const later = service.doGet!(json(ticket), context)[Symbol.asyncIterator]().next();
    await expect(later).rejects.toMatchObject({ code: Status.CANCELLED });
    expect(await cancel(service, { tenant: 'acme', query_id: 'q' })).toEqual([{ cancelled: 0 }]);
  });

  it.each([
    ['another tenant’s', { tenant: 'other', query_id: 'q' }],
    ['another', { tenant: 'acme', query_id: 'r' }],
  ])('is not %s', async (_, other) => {
    const service = cancellableService(endless);
    const share = service.doGet!(json(ticket), context)[Symbol.asyncIterator]();
    await share.next();
    expect(await cancel(service, other)).toEqual([{ cancelled: 0 }]);
    const end = share.next();
    expect(await cancel(service, { tenant: 'acme', query_id: 'q' })).toEqual([{ cancelled: 1 }]);
    await expect(end).rejects.toMatchObject({ code: Status.CANCELLED });
  });

  it.each([[{}], [{ tenant: 'acme' }], [{ tenant: 'acme', query_id: 7 }]])('isn’t named by %j', async (body) => {
    await expect(cancel(cancellableService(endless), body)).rejects.toMatchObject({ code: Status.INVALID_ARGUMENT });
  });
});
