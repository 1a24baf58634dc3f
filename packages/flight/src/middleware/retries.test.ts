import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { afterEach, describe, expect, it } from '@jest/globals';
import { GrpcError, Metadata, Status } from '@signaldb/grpc';
import type { CallOptions } from '../client.ts';
import type { FlightService } from '../service.ts';
import { type Endpoint, openEndpoint, type TransportName } from '../testing/endpoints.ts';
import { otherSchema, sampleBatch } from '../testing/sample.ts';
import { all, from } from '../testing/streams.ts';
import { clientRetries, type RetryOptions } from './retries.ts';
import { retryHint } from './retry-hint.ts';

const nothing = new Uint8Array(0);
const info = { endpoints: [], totalRecords: -1, totalBytes: -1, ordered: false };
const down = () => new GrpcError(Status.UNAVAILABLE, 'down');
const busy = (hint: Record<string, string | Uint8Array>) =>
  new GrpcError(Status.RESOURCE_EXHAUSTED, 'busy', new Metadata(hint));

/** A google.rpc.Status with a RetryInfo among its details. */
function retryInfo(seconds: number, nanos: number): Uint8Array {
  const duration = new BinaryWriter().uint32(8).int64(BigInt(seconds)).uint32(16).int32(nanos).finish();
  const any = (type: string, value: Uint8Array) =>
    new BinaryWriter().uint32(10).string(`type.googleapis.com/${type}`).uint32(18).bytes(value).finish();
  return new BinaryWriter()
    .uint32(8)
    .int32(8)
    .uint32(26)
    .bytes(any('google.rpc.ErrorInfo', nothing))
    .uint32(26)
    .bytes(any('google.rpc.RetryInfo', new BinaryWriter().uint32(10).bytes(duration).finish()))
    .finish();
}

describe('the hint of a server', () => {
  it.each<[string, Record<string, string | Uint8Array>, unknown]>([
    ['no hint', {}, undefined],
    ['pushback', { 'grpc-retry-pushback-ms': '250' }, 250],
    ['pushback that says never', { 'grpc-retry-pushback-ms': '-1' }, 'never'],
    ['pushback that says nothing', { 'grpc-retry-pushback-ms': 'soon' }, 'never'],
    ['RetryInfo', { 'grpc-status-details-bin': retryInfo(1, 500_000_000) }, 1500],
    ['RetryInfo below zero', { 'grpc-status-details-bin': retryInfo(-1, 0) }, 0],
    ['details of other kinds', { 'grpc-status-details-bin': nothing }, undefined],
    ['details that are none', { 'grpc-status-details-bin': Buffer.from([0x1a, 0x7f, 1]) }, undefined],
  ])('%s', (_, headers, expected) => {
    expect(retryHint(busy(headers))).toBe(expected);
  });
});

describe.each<TransportName>(['inproc', 'grpc'])('over %s', (transport) => {
  const endpoints: Endpoint[] = [];

  afterEach(async () => {
    for (const endpoint of endpoints.splice(0)) await endpoint.close();
  });

  /** A client of a service whose calls fail with the errors in turn before they succeed. */
  async function connect(failures: GrpcError[], options: RetryOptions = {}) {
    let calls = 0;
    const waits: number[] = [];
    const fail = () => {
      calls++;
      const failure = failures.shift();
      if (failure) throw failure;
    };
    const service: Partial<FlightService> = {
      getFlightInfo: async () => {
        fail();
        return info;
      },
      pollFlightInfo: async () => {
        fail();
        return {};
      },
      getSchema: async () => {
        fail();
        return otherSchema;
      },
      async *listFlights() {
        fail();
        yield info;
      },
      async *listActions() {
        fail();
        yield { type: 'a', description: '' };
      },
      async *doGet(_, context) {
        context.responseHeaders.set('attempt', String(calls));
        fail();
        yield { batch: sampleBatch(1) };
        yield { batch: sampleBatch(1) };
      },
      async *doAction() {
        fail();
        yield nothing;
      },
      async *doPut(messages) {
        fail();
        yield* from<Uint8Array>();
        for await (const _ of messages);
      },
    };
    const endpoint = await openEndpoint(transport, service);
    endpoints.push(endpoint);
    const client = clientRetries({
      random: () => 1,
      wait: async (ms) => void waits.push(ms),
      ...options,
    })(endpoint.client);
    return { client, waits, calls: () => calls };
  }

  it.each<[string, (client: Awaited<ReturnType<typeof connect>>['client']) => Promise<unknown>]>([
    ['getFlightInfo', (client) => client.getFlightInfo({ path: [] })],
    ['pollFlightInfo', (client) => client.pollFlightInfo({ path: [] })],
    ['getSchema', (client) => client.getSchema({ path: [] })],
    ['listFlights', (client) => all(client.listFlights())],
    ['listActions', (client) => all(client.listActions())],
    ['doGet', (client) => all(client.doGet(nothing))],
  ])('%s is repeated after times that double, as often as it may', async (_, call) => {
    const retries: number[] = [];
    const { client, waits, calls } = await connect([down(), down()], {
      onRetry: ({ attempt, error }) => retries.push(attempt * 100 + error.code),
    });
    await call(client);
    expect([calls(), waits, retries]).toEqual([3, [100, 200], [114, 214]]);
    const never = await connect([down(), down(), down(), down(), down()], { attemptsMax: 4 });
    await expect(call(never.client)).rejects.toMatchObject({ code: Status.UNAVAILABLE });
    expect(never.calls()).toBe(4);
  });

  it.each<[string, (client: Awaited<ReturnType<typeof connect>>['client']) => Promise<unknown>]>([
    ['doAction', (client) => all(client.doAction({ type: 'a', body: nothing }))],
    ['doPut', (client) => all(client.doPut(from({ batch: sampleBatch(1) })))],
  ])('%s is not: it may change something', async (_, call) => {
    const { client, calls } = await connect([down()]);
    await expect(call(client)).rejects.toMatchObject({ code: Status.UNAVAILABLE });
    expect(calls()).toBe(1);
  });

  it.each<[string, GrpcError, number[] | undefined]>([
    ['another error', new GrpcError(Status.NOT_FOUND, 'no'), undefined],
    ['too much at once, without a word', busy({}), undefined],
    ['too much at once, with a time', busy({ 'grpc-status-details-bin': retryInfo(2, 0) }), [2000]],
    ['too much at once, with a time that is too long', busy({ 'grpc-retry-pushback-ms': '6000' }), undefined],
    [
      'unavailable for good',
      new GrpcError(Status.UNAVAILABLE, 'x', new Metadata({ 'grpc-retry-pushback-ms': '-1' })),
      undefined,
    ],
  ])('%s', async (_, error, expected) => {
    const { client, waits } = await connect([error]);
    const call = client.getSchema({ path: [] });
    if (expected) expect(await call.then(() => waits)).toEqual(expected);
    else await expect(call).rejects.toMatchObject({ code: error.code });
  });

  it('a stream is not repeated once something of it was handed over', async () => {
    let calls = 0;
    const endpoint = await openEndpoint(transport, {
      async *doGet() {
        calls++;
        yield { batch: sampleBatch(1) };
        throw down();
      },
    });
    endpoints.push(endpoint);
    const client = clientRetries()(endpoint.client);
    await expect(all(client.doGet(nothing))).rejects.toMatchObject({ code: Status.UNAVAILABLE });
    expect(calls).toBe(1);
  });

  it('only the calls that are named are repeated', async () => {
    const { client, calls } = await connect([down(), down()], { calls: ['doGet', 'doAction'] });
    await expect(client.getFlightInfo({ path: [] })).rejects.toMatchObject({ code: Status.UNAVAILABLE });
    await all(client.doGet(nothing));
    expect(calls()).toBe(3);
  });

  it('headers are told once, those of the attempt whose answer is read', async () => {
    const { client } = await connect([down(), down()]);
    const told: (string | undefined)[] = [];
    await all(client.doGet(nothing, { onHeaders: (headers) => told.push(headers.get('attempt')) }));
    expect(told).toEqual(['2']);
  });

  it('a deadline is that of all attempts together', async () => {
    const late = await connect([down()]);
    const error = { code: Status.UNAVAILABLE };
    await expect(late.client.getSchema({ path: [] }, { timeoutMs: 50 })).rejects.toMatchObject(error);
    expect(late.calls()).toBe(1);
    const timeouts: (number | undefined)[] = [];
    const times = clientRetries({ random: () => 0 })({
      ...late.client,
      getSchema: async (_: unknown, options?: CallOptions) => {
        timeouts.push(options?.timeoutMs);
        if (timeouts.length < 3) throw down();
        return otherSchema;
      },
    } as typeof late.client);
    await times.getSchema({ path: [] }, { timeoutMs: 60_000 });
    expect(timeouts).toHaveLength(3);
    for (const timeout of timeouts) expect(timeout).toBeLessThanOrEqual(60_000);
  });

  it('cancelling ends the waiting', async () => {
    const controller = new AbortController();
    const { client, calls } = await connect([down(), down()], {
      wait: (_, signal) =>
        new Promise((_resolve, reject) => {
          signal!.addEventListener('abort', () => reject(signal!.reason));
          controller.abort();
        }),
    });
    const options = { signal: controller.signal };
    await expect(all(client.doGet(nothing, options))).rejects.toMatchObject({ code: Status.CANCELLED });
    expect(calls()).toBe(1);
  });

  it('leaving the stream while it waits makes no further attempt', async () => {
    const { client, calls } = await connect([down()], {
      wait: async () => {
        await stream.return?.();
      },
    });
    const stream = client.doGet(nothing)[Symbol.asyncIterator]();
    expect((await stream.next()).done).toBe(true);
    expect(calls()).toBe(1);
  });
});
