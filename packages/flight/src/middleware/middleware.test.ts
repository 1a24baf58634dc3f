import { afterEach, describe, expect, it } from '@jest/globals';
import { GrpcError, Status } from '@signaldb/grpc';
import { withAuthentication } from '../auth/with-authentication.ts';
import { authenticateBasic } from '../client/authenticate-basic.ts';
import { withCallHeaders } from '../client/call-headers.ts';
import type { FlightClient } from '../client.ts';
import type { ConnectOptions } from '../connect.ts';
import type { CallContext, FlightService } from '../service.ts';
import { type Endpoint, openEndpoint, type TransportName } from '../testing/endpoints.ts';
import { otherSchema, sampleBatch } from '../testing/sample.ts';
import { aborted, all, from, gate, textOf } from '../testing/streams.ts';
import { type CallObserver, clientReports, type FlightCallReport, serviceReports } from './call-reports.ts';
import { compose } from './compose.ts';
import { clientDeadlines, serviceDeadlines } from './deadlines.ts';
import { type TraceParent, traceHeaders } from './trace-parent.ts';
import { type CallSpan, clientTracing, serviceTracing, type TracedCall } from './tracing.ts';
import { type ServiceMiddleware, wrapClient, wrapService } from './wrap-calls.ts';

const nothing = new Uint8Array(0);
const info = { endpoints: [], totalRecords: -1, totalBytes: -1, ordered: false };

const service: Partial<FlightService> = {
  async *handshake(requests) {
    yield* requests;
  },
  async *listFlights() {
    yield info;
  },
  getFlightInfo: async () => info,
  pollFlightInfo: async () => ({}),
  getSchema: async () => otherSchema,
  async *doGet() {
    for (let i = 0; i < 3; i++) yield { batch: sampleBatch(1) };
  },
  async *doPut(messages) {
    for await (const _ of messages);
    yield nothing;
  },
  async *doExchange(messages) {
    yield* messages;
  },
  async *doAction() {
    yield nothing;
  },
  async *listActions() {
    yield { type: 'a', description: '' };
  },
};

/** Makes all ten calls, reading each answer. */
async function everyCall(client: FlightClient): Promise<void> {
  const descriptor = { path: ['x'] };
  await all(client.handshake(from({ payload: nothing })));
  await all(client.listFlights());
  await client.getFlightInfo(descriptor);
  await client.pollFlightInfo(descriptor);
  await client.getSchema(descriptor);
  await all(client.doGet(nothing));
  await all(client.doPut(from({ batch: sampleBatch(1) })));
  await all(client.doExchange(from({ batch: sampleBatch(1) })));
  await all(client.doAction({ type: 'a', body: nothing }));
  await all(client.listActions());
}

const allCalls =
  'handshake listFlights getFlightInfo pollFlightInfo getSchema doGet doPut doExchange doAction listActions'.split(' ');

function observer() {
  const began: string[] = [];
  const reports: FlightCallReport[] = [];
  const told: CallObserver = { began: (call) => began.push(call), ended: (report) => reports.push(report) };
  return { began, reports, told };
}

describe.each<TransportName>(['inproc', 'grpc'])('over %s', (transport) => {
  let endpoint: Endpoint | undefined;

  afterEach(async () => {
    await endpoint?.close();
    endpoint = undefined;
  });

  async function connect(
    served: Partial<FlightService>,
    options: Pick<ConnectOptions, 'headers' | 'bearer' | 'answerCompression'> = {},
  ) {
    endpoint = await openEndpoint(transport, served, options);
    return endpoint.client;
  }

  it('compose puts the first outermost, around every call of both sides', async () => {
    const seen: string[] = [];
    const layer =
      (name: string): ServiceMiddleware =>
      (inner) =>
        wrapService(inner, {
          unary: (call, next) => {
            seen.push(`${name} ${call.name}`);
            return next(call.context);
          },
          stream: (call, next) => {
            seen.push(`${name} ${call.name}`);
            return next(call.context);
          },
        });
    const client = await connect(compose(layer('outer'), layer('inner'))(service));
    const made: string[] = [];
    const wrapped = wrapClient(client, {
      unary: ({ name, context }, next) => {
        made.push(name);
        return next(context);
      },
      stream: ({ name, context }, next) => {
        made.push(name);
        return next(context);
      },
    });
    await everyCall(wrapped);
    expect(made).toEqual(allCalls);
    expect(seen).toEqual(allCalls.flatMap((name) => [`outer ${name}`, `inner ${name}`]));
    expect(wrapped.location).toBe(client.location);
    await wrapped.close();
    await expect(client.getSchema({ path: [] })).rejects.toMatchObject({ code: Status.CANCELLED });
  });

  it('what a service lacks, it lacks with middleware too', async () => {
    const client = await connect(compose(serviceReports(observer().told), serviceDeadlines({ maxMs: 1000 }))({}));
    await expect(all(client.doGet(nothing))).rejects.toMatchObject({ code: Status.UNIMPLEMENTED });
  });

  it('reports tell of every call, on both sides', async () => {
    const server = observer();
    const caller = observer();
    const client = clientReports(caller.told)(await connect(serviceReports(server.told)(service)));
    await everyCall(client);
    const messages: Record<string, [number, number]> = { doGet: [1, 4], doPut: [2, 1], doExchange: [2, 2] };
    for (const { began, reports } of [server, caller]) {
      expect(began).toEqual(allCalls);
      expect(reports.map(({ call, code }) => [call, code])).toEqual(allCalls.map((call) => [call, Status.OK]));
    }
    for (const { call, requestMessages, responseMessages } of caller.reports) {
      const sent = call === 'doPut' || call === 'doExchange' ? 1 : (messages[call]?.[0] ?? 1);
      expect([call, requestMessages, responseMessages]).toEqual([call, sent, messages[call]?.[1] ?? 1]);
    }
    expect(caller.reports[0]?.peer).toBe(client.location);
    expect(server.reports.find(({ call }) => call === 'doPut')).toMatchObject({ requestMessages: 2, requestRows: 1 });
    expect(caller.reports.find(({ call }) => call === 'doGet')).toMatchObject({ responseRows: 3, requestRows: 0 });
  });

  it('reports tell how a call failed, was left, and who made it', async () => {
    const server = observer();
    const client = await connect(
      compose<Partial<FlightService>>(
        (inner) => withAuthentication(inner, { apiKey: async (name) => ({ name }) }),
        serviceReports(server.told),
      )({
        ...service,
        async *doGet(_, context) {
          yield { batch: sampleBatch(1) };
          await aborted(context.signal);
        },
        getSchema: async () => {
          throw new Error('secret');
        },
        doAction() {
          throw new GrpcError(Status.NOT_FOUND, 'no such action');
        },
      }),
      { headers: { 'x-api-key': 'ada' } },
    );
    await expect(client.getSchema({ path: [] })).rejects.toMatchObject({ code: Status.UNKNOWN });
    await expect(all(client.doAction({ type: 'x', body: nothing }))).rejects.toMatchObject({ code: Status.NOT_FOUND });
    const left = gate();
    const { ended } = server.told;
    server.told.ended = (report) => {
      ended(report);
      left.open();
    };
    for await (const _ of client.doGet(nothing)) break;
    await left.opened;
    expect(server.reports.map(({ call, code }) => [call, code])).toEqual([
      ['getSchema', Status.UNKNOWN],
      ['doAction', Status.NOT_FOUND],
      ['doGet', Status.CANCELLED],
    ]);
    expect(server.reports[0]).toMatchObject({ principal: { name: 'ada' }, error: { cause: new Error('secret') } });
  });

  it.each([
    ['a default', { defaultMs: 20 }, undefined],
    ['a default by call', { defaultMs: { doGet: 20, getSchema: 20, doAction: 20 } }, undefined],
    ['a maximum without a deadline', { maxMs: 20 }, undefined],
    ['a maximum below the deadline', { maxMs: 20 }, 60_000],
  ])('deadlines end calls that take longer: %s', async (_, options, timeoutMs) => {
    const contexts: CallContext[] = [];
    const client = await connect(
      serviceDeadlines(options)({
        async *doGet(_ticket, context) {
          contexts.push(context);
          yield { batch: sampleBatch(1) };
          await aborted(context.signal);
        },
        getSchema: () => new Promise(() => {}),
        async *doAction() {
          await new Promise(() => {});
        },
      }),
    );
    const call = timeoutMs === undefined ? {} : { timeoutMs };
    const exceeded = { code: Status.DEADLINE_EXCEEDED };
    await expect(all(client.doGet(nothing, call))).rejects.toMatchObject(exceeded);
    await expect(client.getSchema({ path: [] }, call)).rejects.toMatchObject(exceeded);
    await expect(all(client.doAction({ type: 'a', body: nothing }, call))).rejects.toMatchObject(exceeded);
    expect(contexts[0]?.signal.aborted).toBe(true);
    expect(contexts[0]!.deadline!.getTime()).toBeLessThan(Date.now() + 20);
  });

  it('deadlines leave calls alone that keep them, and tell the service of the client going', async () => {
    const gone = gate();
    const client = await connect(
      serviceDeadlines({ defaultMs: 60_000 })({
        ...service,
        async *doAction(_, context) {
          yield Buffer.from(String(context.deadline!.getTime() - Date.now() > 50_000));
          await aborted(context.signal);
          gone.open();
        },
      }),
    );
    expect(await all(client.doGet(nothing))).toHaveLength(4);
    expect(await client.getFlightInfo({ path: [] })).toMatchObject({ totalRecords: -1 });
    for await (const answer of client.doAction({ type: 'a', body: nothing })) {
      expect(textOf(answer)).toBe('true');
      break;
    }
    await gone.opened;
  });

  it('clients set deadlines where there are none', async () => {
    const deadlines: (number | undefined)[] = [];
    const client = clientDeadlines({ defaultMs: 50_000, maxMs: { doGet: 10_000 } })(
      await connect({
        doGet(_, { deadline }) {
          deadlines.push(deadline && deadline.getTime() - Date.now());
          return from();
        },
        getSchema: async (_, { deadline }) => {
          deadlines.push(deadline && deadline.getTime() - Date.now());
          return otherSchema;
        },
      }),
    );
    await all(client.doGet(nothing, { timeoutMs: 20_000 }));
    await client.getSchema({ path: [] });
    await client.getSchema({ path: [] }, { timeoutMs: 90_000 });
    expect(deadlines.map((ms) => Math.round(ms! / 10_000))).toEqual([1, 5, 9]);
  });

  describe('tracing', () => {
    const root: TraceParent = { traceId: 'a'.repeat(32), spanId: '1'.repeat(16), sampled: true, state: 'v=1' };

    function tracer(spanDigit: string, current?: TraceParent) {
      const spans: (TracedCall & { code?: number })[] = [];
      return {
        spans,
        current: () => current,
        start(call: TracedCall): CallSpan {
          const span: TracedCall & { code?: number } = { ...call };
          spans.push(span);
          const trace = { ...(call.parent ?? root), spanId: spanDigit.repeat(16) };
          return {
            trace,
            end: (code) => {
              span.code = code;
            },
          };
        },
      };
    }

    it('goes from the client through the server to the service', async () => {
      const client = tracer('2', root);
      const server = tracer('3');
      let seen: CallContext | undefined;
      const traced = clientTracing(client)(
        await connect(
          serviceTracing(server)({
            ...service,
            async *doGet(_, context) {
              seen = context;
              yield { batch: sampleBatch(1) };
            },
          }),
        ),
      );
      await all(traced.doGet(nothing));
      expect(client.spans).toEqual([
        { call: 'doGet', side: 'client', peer: traced.location, parent: root, code: Status.OK },
      ]);
      const inner = { ...root, spanId: '2'.repeat(16) };
      expect(server.spans).toMatchObject([{ call: 'doGet', side: 'server', parent: inner, code: Status.OK }]);
      expect(seen?.trace).toEqual({ ...root, spanId: '3'.repeat(16) });
      expect(traceHeaders(seen!.trace!)).toEqual({
        traceparent: `00-${root.traceId}-${'3'.repeat(16)}-01`,
        tracestate: 'v=1',
      });
    });

    it("takes a call's own header before the current span, and tells how the call ended", async () => {
      const client = tracer('2', { ...root, traceId: 'b'.repeat(32) });
      const traced = clientTracing(client)(
        await connect({
          ...service,
          getSchema: async () => {
            throw new GrpcError(Status.NOT_FOUND, 'no');
          },
        }),
      );
      const options = { metadata: traceHeaders(root) };
      await expect(traced.getSchema({ path: [] }, options)).rejects.toMatchObject({ code: Status.NOT_FOUND });
      for await (const _ of traced.doGet(nothing, options)) break;
      await traced.getFlightInfo({ path: [] }, options);
      expect(client.spans.map(({ parent, code }) => [parent, code])).toEqual([
        [root, Status.NOT_FOUND],
        [root, Status.CANCELLED],
        [root, Status.OK],
      ]);
    });

    it('a tracer that makes no span passes on what it was given', async () => {
      let trace: TraceParent | undefined;
      const client = await connect(
        serviceTracing({ start: () => undefined })({
          getSchema: async (_, context) => {
            trace = context.trace;
            return otherSchema;
          },
          doGet: service.doGet!,
        }),
      );
      await client.getSchema({ path: [] }, { metadata: traceHeaders(root) });
      expect(trace).toEqual(root);
      expect(await all(client.doGet(nothing))).toHaveLength(4);
    });
  });

  describe('headers', () => {
    const echo: Partial<FlightService> = {
      async *doAction({ type }, { metadata }) {
        yield Buffer.from(metadata.get(type) ?? '-');
      },
    };
    const header = async (client: FlightClient, name: string, metadata = {}) =>
      textOf((await all(client.doAction({ type: name, body: nothing }, { metadata })))[0]);

    it('of a client are sent with every call, whose own win', async () => {
      let count = 0;
      const client = withCallHeaders(await connect(echo, { headers: { a: '1', b: '1' }, bearer: 't' }), () => ({
        b: `2.${++count}`,
      }));
      expect(await header(client, 'a')).toBe('1');
      expect(await header(client, 'b')).toBe('2.2');
      expect(await header(client, 'b', { b: '3' })).toBe('3');
      expect(await header(client, 'authorization')).toBe('Bearer t');
      expect(await header(client, 'x-arrow-body-compression')).toBe('-');
    });

    it('ask for the compression', async () => {
      const client = await connect(echo, { answerCompression: 'none' });
      expect(await header(client, 'x-arrow-body-compression')).toBe('none');
    });
  });

  describe('authenticateBasic', () => {
    const whoIs: Partial<FlightService> = {
      async *doAction(_, { principal, metadata }) {
        yield Buffer.from(`${principal?.name} by ${metadata.get('authorization')?.split(' ')[0]}`);
      },
    };
    const basic = async (user: string, password: string) => (password === 'pä:ss' ? { name: user } : undefined);

    it('gives a client with the bearer token that it was handed', async () => {
      const client = await authenticateBasic(await connect(withAuthentication(whoIs, { basic })), 'ada', 'pä:ss');
      expect((await all(client.doAction({ type: 'who', body: nothing }))).map(textOf)).toEqual(['ada by Bearer']);
    });

    it('sends user and password where no token is handed out', async () => {
      const client = await authenticateBasic(await connect({ ...whoIs, async *handshake() {} }), 'ada', 'pä:ss');
      expect((await all(client.doAction({ type: 'who', body: nothing }))).map(textOf)).toEqual(['undefined by Basic']);
    });

    it('fails where the password is wrong, or the name impossible', async () => {
      const client = await connect(withAuthentication(whoIs, { basic }));
      await expect(authenticateBasic(client, 'ada', 'no')).rejects.toMatchObject({ code: Status.UNAUTHENTICATED });
      await expect(authenticateBasic(client, 'a:b', 'x')).rejects.toMatchObject({ code: Status.INVALID_ARGUMENT });
    });
  });
});
