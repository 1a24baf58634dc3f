import { describe, expect, it } from '@jest/globals';
import { createLogger } from './logger.ts';
import { createShutdown } from './shutdown.ts';

const logger = createLogger({ level: 'silent' });

describe('createShutdown', () => {
  it('closes in the opposite order, each once', async () => {
    const order: string[] = [];
    const shutdown = createShutdown({ logger });
    for (const name of ['a', 'b', 'c']) shutdown.add(name, { close: async () => void order.push(name) });
    await Promise.all([shutdown.run(), shutdown.run()]);
    await shutdown.run();
    expect(order).toEqual(['c', 'b', 'a']);
  });

  it('goes on after a step that fails, throws or hangs', async () => {
    const order: string[] = [];
    const shutdown = createShutdown({ logger, timeoutMs: 20 });
    shutdown.add('first', { close: () => void order.push('first') });
    shutdown.add('hangs', { close: () => new Promise(() => {}) });
    shutdown.add('throws', {
      close: () => {
        throw new Error('x');
      },
    });
    shutdown.add('rejects', { close: () => Promise.reject(new Error('x')) });
    await shutdown.run();
    expect(order).toEqual(['first']);
  });

  it('gives back what it was given', () => {
    const resource = { close: () => {}, port: 1 };
    expect(createShutdown({ logger }).add('x', resource).port).toBe(1);
  });
});
