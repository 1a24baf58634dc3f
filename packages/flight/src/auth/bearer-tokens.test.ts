import { describe, expect, it } from '@jest/globals';
import type { CallContext } from '../service.ts';
import { createBearerTokens } from './bearer-tokens.ts';
import { secretsEqual } from './secrets-equal.ts';

const key = Buffer.alloc(32, 7);
const context = {} as CallContext;

describe('bearer tokens', () => {
  it('are good at every server that has the key, until they expire', async () => {
    let now = 1_000_000;
    const nowMs = () => now;
    const here = createBearerTokens({ key, lifetimeMs: 5000, nowMs });
    const there = createBearerTokens({ key: new Uint8Array(key), nowMs });
    const { token, expires } = await here.issue({ name: 'ada', tenants: ['t1'], write: true });
    expect(expires).toEqual(new Date(1_005_000));
    expect(await there.bearer(token, context)).toEqual({ name: 'ada', tenants: ['t1'], write: true });
    now = 1_005_000;
    expect(await there.bearer(token, context)).toBeUndefined();
  });

  it('of a key that was changed are taken, but not made', async () => {
    const old = createBearerTokens({ key });
    const changed = createBearerTokens({ key: Buffer.alloc(32, 8), olderKeys: [key] });
    expect(await changed.bearer((await old.issue({ name: 'x' })).token, context)).toEqual({ name: 'x' });
    expect(await old.bearer((await changed.issue({ name: 'x' })).token, context)).toBeUndefined();
  });

  it('that were changed anywhere are refused', async () => {
    const tokens = createBearerTokens({ key });
    const { token } = await tokens.issue({ name: 'ada' });
    for (let i = 0; i < token.length; i++) {
      // The last character's low bits are no part of the signature.
      const other =
        i === token.length - 1
          ? token.slice(0, i)
          : `${token.slice(0, i)}${token[i] === 'A' ? 'B' : 'A'}${token.slice(i + 1)}`;
      expect(await tokens.bearer(other, context)).toBeUndefined();
    }
    for (const other of ['', '.', 'v1..', `${token}.x`, token.slice(3)]) {
      expect(await tokens.bearer(other, context)).toBeUndefined();
    }
  });

  it('need a key that nobody guesses', () => {
    expect(() => createBearerTokens({ key: Buffer.alloc(31) })).toThrow('32 bytes');
  });
});

describe('secretsEqual', () => {
  it.each([
    ['a', 'a', true],
    ['a', 'b', false],
    ['a', 'aa', false],
    ['', '', true],
    ['ä', Buffer.from('ä'), true],
  ])('%s and %s: %s', (a, b, equal) => {
    expect(secretsEqual(a, b)).toBe(equal);
  });
});
