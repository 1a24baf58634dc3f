import { expect, it } from '@jest/globals';
import type { FlightClient } from '../client.ts';
import { overEachTransport } from '../testing/each-transport.ts';
import { otherSchema } from '../testing/sample.ts';
import { all, textOf } from '../testing/streams.ts';
import { clientCookies } from './cookies.ts';

overEachTransport((connect) => {
  /** A client of a service that sets the cookies that it is told to, and tells those that it is sent. */
  async function jar() {
    const client = clientCookies()(
      await connect({
        async *doAction({ body }, { metadata, responseHeaders }) {
          for (const cookie of textOf(body)!.split('\n')) if (cookie) responseHeaders.append('set-cookie', cookie);
          yield Buffer.from(metadata.get('cookie') ?? '-');
        },
        getSchema: async (_, { responseHeaders }) => {
          responseHeaders.set('set-cookie', 'unary=1');
          return otherSchema;
        },
      }),
    );
    return client;
  }

  const send = async (client: FlightClient, ...cookies: string[]) =>
    textOf((await all(client.doAction({ type: '', body: Buffer.from(cookies.join('\n')) })))[0]);

  it('cookies come back with later calls, until they are taken back or expire', async () => {
    const client = await jar();
    expect(await send(client, 'a=1; HttpOnly', 'b=x=y; Max-Age=1000; Path=/')).toBe('-');
    expect(await send(client, 'a=2', 'old=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT')).toBe('a=1; b=x=y');
    expect(await send(client, 'b=; Max-Age=0')).toBe('b=x=y; a=2');
    await client.getSchema({ path: [] });
    expect(await send(client, 'nonsense', '=x', 'c=1; Max-Age=soon; Expires=never')).toBe('a=2; unary=1');
    expect(await send(client)).toBe('a=2; unary=1; c=1');
  });

  it('a server does not decide how many are kept', async () => {
    const client = await jar();
    for (const from of [0, 50, 100]) await send(client, ...Array.from({ length: 50 }, (_, i) => `c${from + i}=1`));
    const kept = (await send(client))!.split('; ');
    expect([kept.length, kept[0], kept.at(-1)]).toEqual([100, 'c50=1', 'c149=1']);
  });

  it("a call's own cookie header stays", async () => {
    const client = await jar();
    await send(client, 'a=1');
    const own = { metadata: { cookie: 'mine=1' } };
    const [answer] = await all(client.doAction({ type: '', body: new Uint8Array(0) }, own));
    expect(textOf(answer)).toBe('mine=1');
  });
});
