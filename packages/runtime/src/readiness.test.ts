import { describe, expect, it } from '@jest/globals';
import { createReadiness } from './readiness.ts';

describe('createReadiness', () => {
  it('is ready where every check passes', async () => {
    const readiness = createReadiness();
    expect(await readiness.report()).toEqual({ ready: true, checks: {} });
    readiness.add('log', () => undefined);
    expect(await readiness.report()).toEqual({ ready: true, checks: { log: 'ok' } });
  });

  it('says why it isn’t: a reason, an error, no answer', async () => {
    const readiness = createReadiness({ timeoutMs: 5 });
    readiness.add('a', () => 'recovering');
    readiness.add('b', () => Promise.reject(new Error('refused')));
    readiness.add('c', () => {
      throw new Error('broken');
    });
    readiness.add('d', () => new Promise(() => {}));
    readiness.add('e', async () => undefined);
    expect(await readiness.report()).toEqual({
      ready: false,
      checks: { a: 'recovering', b: 'refused', c: 'broken', d: 'no answer within 5 ms', e: 'ok' },
    });
  });

  it('takes a check away, and only the one that was added', async () => {
    const readiness = createReadiness();
    const remove = readiness.add('a', () => 'old');
    readiness.add('a', () => 'new');
    remove();
    expect((await readiness.report()).checks).toEqual({ a: 'new' });
  });
});
