import { describe, expect, it } from '@jest/globals';
import { createLogger } from './logger.ts';

function logged(
  format: 'json' | 'text',
  log: (logger: ReturnType<typeof createLogger>) => void,
  level: 'debug' | 'info' = 'info',
): string {
  const lines: string[] = [];
  log(createLogger({ name: 'test', level, format, destination: { write: (line: string) => void lines.push(line) } }));
  return lines.join('');
}

describe('createLogger', () => {
  it('writes JSON with a named level, an ISO time and the service’s name', () => {
    const line = JSON.parse(logged('json', (logger) => logger.warn({ rows: 3 }, 'slow')));
    expect(line).toEqual({
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      name: 'test',
      rows: 3,
      msg: 'slow',
    });
  });

  it('leaves out what is below its level', () => {
    expect(logged('json', (logger) => logger.debug('x'))).toBe('');
    expect(logged('json', (logger) => logger.debug('x'), 'debug')).not.toBe('');
  });

  it.each([
    ['at the top', { password: 'hunter2' }],
    ['one deeper', { store: { secretKey: 'hunter2', region: 'x' } }],
    ['in headers', { headers: { authorization: 'Bearer hunter2' } }],
  ])('redacts secrets %s', (_where, fields) => {
    const text = logged('json', (logger) => logger.info(fields, 'x'));
    expect(text).not.toContain('hunter2');
    expect(text).toContain('[redacted]');
  });

  it('writes text for people, errors with their stack', () => {
    const text = logged('text', (logger) =>
      logger.child({ component: 'wal' }).error({ err: new Error('disk'), bytes: 5, file: 'a' }, 'failed'),
    );
    expect(text).toMatch(/^\d\d:\d\d:\d\d\.\d{3} ERROR test wal failed bytes=5 file=a\n {2}Error: disk\n/);
  });
});
