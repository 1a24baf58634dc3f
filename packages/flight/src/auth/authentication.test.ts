import { afterEach, describe, expect, it } from '@jest/globals';
import { Status } from '@signaldb/grpc';
import { BasicAuth } from '@signaldb/proto/arrow/flight/protocol/flight';
import type { CallOptions, FlightClient } from '../client.ts';
import type { CallContext, FlightService, HandshakeMessage } from '../service.ts';
import { type Endpoint, openEndpoint, type TransportName } from '../testing/endpoints.ts';
import { otherSchema, sampleBatch } from '../testing/sample.ts';
import type { Authenticator } from './authenticator.ts';
import { createBearerTokens } from './bearer-tokens.ts';
import { openHandshake } from './open-handshake.ts';
import { secretsEqual } from './secrets-equal.ts';
import { withAuthentication } from './with-authentication.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const who = (context: CallContext) => Buffer.from(context.principal?.name ?? 'nobody');

/** Every call tells who it thinks makes it. */
const service: Partial<FlightService> = {
  async *listFlights(_, context) {
    yield { endpoints: [], totalRecords: -1, totalBytes: -1, ordered: false, appMetadata: who(context) };
  },
  getFlightInfo: async (_, context) => ({
    endpoints: [],
    totalRecords: -1,
    totalBytes: -1,
    ordered: false,
    appMetadata: who(context),
  }),
  pollFlightInfo: async (descriptor) => ({ descriptor }),
  getSchema: async () => otherSchema,
  async *doGet(_, context) {
    yield { batch: sampleBatch(1), appMetadata: who(context) };
  },
  async *doPut(messages, context) {
    for await (const _ of messages);
    yield who(context);
  },
  async *doExchange(messages, context) {
    for await (const message of messages) yield message;
    yield { appMetadata: who(context) };
  },
  async *doAction(_, context) {
    yield who(context);
  },
  async *listActions(context) {
    yield { type: String(who(context)), description: '' };
  },
};

const authenticator: Authenticator = {
  basic: async (user, password) => (user === 'ada' && secretsEqual(password, 'p:w') ? { name: 'ada' } : undefined),
  bearer: async (token) => (secretsEqual(token, 'good') ? { name: 'by token' } : undefined),
  apiKey: async (key) => (secretsEqual(key, 'k1') ? { name: 'by key' } : undefined),
};

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

async function* from<T>(...items: T[]): AsyncGenerator<T> {
  yield* items;
}

/** What a handshake answers. */
async function shake(client: FlightClient, metadata: Record<string, string>, ...messages: HandshakeMessage[]) {
  let authorization: string | undefined;
  const onHeaders: CallOptions['onHeaders'] = (headers) => {
    authorization = headers.get('authorization');
  };
  const answers = await all(client.handshake(from(...messages), { metadata, onHeaders }));
  return { authorization, payloads: answers.map(({ payload }) => String(Buffer.from(payload))) };
}

describe.each<TransportName>(['inproc', 'grpc'])('over %s', (transport) => {
  let endpoint: Endpoint | undefined;

  afterEach(async () => {
    await endpoint?.close();
    endpoint = undefined;
  });

  async function connect(served: Partial<FlightService>) {
    endpoint = await openEndpoint(transport, served);
    return endpoint.client;
  }

  const as = async (client: FlightClient, metadata: Record<string, string>) => {
    const [answer] = await all(client.doAction({ type: 'who', body: new Uint8Array(0) }, { metadata }));
    return String(Buffer.from(answer!));
  };

  it.each([
    ['user and password', { authorization: `Basic ${base64('ada:p:w')}` }, 'ada'],
    ['base64 without padding', { authorization: `Basic ${base64('ada:p:w').replace(/=+$/, '')}` }, 'ada'],
    ['another case of the scheme', { authorization: `basic  ${base64('ada:p:w')}` }, 'ada'],
    ['a bearer token', { authorization: 'Bearer good' }, 'by token'],
    ['a token of a handshake', { 'auth-token-bin': base64('good') }, 'by token'],
    ['an API key in its header', { 'x-api-key': 'k1' }, 'by key'],
    ['an API key as authorization', { authorization: 'ApiKey k1' }, 'by key'],
  ])('%s names the caller', async (_, metadata, name) => {
    const client = await connect(withAuthentication(service, authenticator));
    expect(await as(client, metadata as Record<string, string>)).toBe(name);
  });

  it.each([
    ['no credentials', {}, 'brings nothing that says who makes it'],
    ['a wrong password', { authorization: `Basic ${base64('ada:pw')}` }, 'the password is wrong'],
    ['an unknown user', { authorization: `Basic ${base64('eve:p:w')}` }, 'The user is unknown'],
    ['an unknown token', { authorization: 'Bearer bad' }, 'unknown here or has expired'],
    ['an unknown key', { 'x-api-key': 'k2' }, 'The API key is unknown'],
    ['no base64', { authorization: 'Basic *' }, 'is no base64'],
    ['no colon', { authorization: `Basic ${base64('ada')}` }, "isn't user:password"],
    ['an unknown scheme', { authorization: 'Digest x' }, 'none of Basic, Bearer, ApiKey'],
    ['no token after the scheme', { authorization: 'Bearer' }, 'followed by no token'],
  ])('%s is refused by every call, which says what to send', async (_, metadata, message) => {
    const client = await connect(withAuthentication(service, authenticator));
    const options = { metadata: metadata as Record<string, string> };
    const descriptor = { path: ['x'] };
    const nothing = new Uint8Array(0);
    const calls: (() => Promise<unknown>)[] = [
      () => all(client.handshake(from(), options)),
      () => all(client.listFlights(nothing, options)),
      () => client.getFlightInfo(descriptor, options),
      () => client.pollFlightInfo(descriptor, options),
      () => client.getSchema(descriptor, options),
      () => all(client.doGet(nothing, options)),
      () => all(client.doPut(from(), options)),
      () => all(client.doExchange(from(), options)),
      () => all(client.doAction({ type: 'who', body: nothing }, options)),
      () => all(client.listActions(options)),
    ];
    for (const call of calls) {
      const error = await call().then(
        () => undefined,
        (thrown) => thrown,
      );
      expect(error).toMatchObject({ code: Status.UNAUTHENTICATED, details: expect.stringContaining(message) });
      expect(error.details).toContain('authorization: Bearer <token>');
      for (const secret of ['p:w', 'ada', 'bad', 'k2', base64('ada')]) expect(error.details).not.toContain(secret);
    }
  });

  it('every call is told who makes it', async () => {
    const client = await connect(withAuthentication(service, authenticator));
    const options = { metadata: { 'x-api-key': 'k1' } };
    const nothing = new Uint8Array(0);
    const text = (bytes?: Uint8Array) => bytes && String(Buffer.from(bytes));
    expect((await all(client.listFlights(nothing, options))).map((info) => text(info.appMetadata))).toEqual(['by key']);
    expect(text((await client.getFlightInfo({ path: [] }, options)).appMetadata)).toBe('by key');
    expect((await client.pollFlightInfo({ path: ['p'] }, options)).descriptor).toEqual({ path: ['p'] });
    expect(String(await client.getSchema({ path: [] }, options))).toBe(String(otherSchema));
    expect(text((await all(client.doGet(nothing, options))).at(-1)?.appMetadata)).toBe('by key');
    expect((await all(client.doPut(from({ batch: sampleBatch(1) }), options))).map(text)).toEqual(['by key']);
    const exchanged = await all(client.doExchange(from({ batch: sampleBatch(2) }), options));
    expect([exchanged.length, text(exchanged.at(-1)?.appMetadata)]).toEqual([3, 'by key']);
    expect((await all(client.listActions(options)))[0]?.type).toBe('by key');
  });

  it.each([
    ['tokens of its own', authenticator],
    ['tokens that are issued', { ...authenticator, ...createBearerTokens({ key: Buffer.alloc(32, 1) }) }],
  ])('a handshake with user and password answers a bearer token: %s', async (_, known) => {
    const client = await connect(withAuthentication(service, known));
    const { authorization, payloads } = await shake(client, { authorization: `Basic ${base64('ada:p:w')}` });
    expect(payloads).toEqual([]);
    expect(authorization).toMatch(/^Bearer ./);
    expect(await as(client, { authorization: authorization! })).toBe('ada');
  });

  it('a handshake takes user and password from its payload, and answers the token there too', async () => {
    const client = await connect(withAuthentication(service, authenticator));
    const payload = BasicAuth.encode({ username: 'ada', password: 'p:w' }).finish();
    const { authorization, payloads } = await shake(client, {}, { payload });
    expect(payloads.map((token) => `Bearer ${token}`)).toEqual([authorization]);
    expect(await as(client, { 'auth-token-bin': base64(payloads[0]!) })).toBe('ada');
    await expect(shake(client, {}, { payload: Buffer.from([1, 2, 3]) })).rejects.toMatchObject({
      code: Status.UNAUTHENTICATED,
      details: expect.stringContaining('no BasicAuth message'),
    });
  });

  it('a handshake lets a bearer token and an API key through', async () => {
    const client = await connect(withAuthentication(service, authenticator));
    expect(await shake(client, { authorization: 'Bearer good' })).toEqual({
      authorization: 'Bearer good',
      payloads: [],
    });
    expect(await shake(client, { 'x-api-key': 'k1' })).toEqual({ authorization: undefined, payloads: [] });
  });

  it('calls without credentials can have a name, wrong credentials never', async () => {
    const client = await connect(
      withAuthentication(service, { ...authenticator, anonymous: () => ({ name: 'guest' }) }, { apiKeyHeader: 'key' }),
    );
    expect(await as(client, {})).toBe('guest');
    expect(await as(client, { key: 'k1' })).toBe('by key');
    await expect(as(client, { key: 'k3' })).rejects.toMatchObject({ code: Status.UNAUTHENTICATED });
  });

  it('an open handshake lets every driver connect', async () => {
    const client = await connect({ ...service, handshake: openHandshake() });
    expect((await shake(client, { authorization: 'Bearer mine' })).authorization).toBe('Bearer mine');
    expect((await shake(client, { authorization: `Basic ${base64('a:b')}` })).authorization).toMatch(/^Bearer ./);
    expect((await shake(client, {})).payloads).toEqual([]);
    const payload = BasicAuth.encode({ username: 'a', password: 'b' }).finish();
    expect((await shake(client, {}, { payload })).payloads).toHaveLength(1);
    expect(await as(client, {})).toBe('nobody');
  });

  it('leaving a stream before its caller is known tells the service', async () => {
    let know = (): void => {};
    const known = new Promise<void>((resolve) => {
      know = resolve;
    });
    let served = 0;
    const client = await connect(
      withAuthentication(
        {
          async *doGet() {
            served++;
            yield { batch: sampleBatch(1) };
          },
        },
        { bearer: async () => known.then(() => ({ name: 'late' })) },
      ),
    );
    const get = () => client.doGet(new Uint8Array(0), { metadata: { authorization: 'Bearer t' } });
    const stream = get()[Symbol.asyncIterator]();
    const first = stream.next();
    await stream.return?.();
    know();
    expect((await first).done).toBe(true);
    await all(get());
    expect(served).toBe(1);
  });
});
