import { describe, expect, it } from '@jest/globals';
import { warnOfOpenDoors } from './open-doors.ts';

function warnings(config: Record<string, unknown>): object[] {
  const found: object[] = [];
  warnOfOpenDoors(config, { warn: (fields: object) => found.push(fields) } as never);
  return found;
}

describe('a service without authentication', () => {
  it.each(['0.0.0.0', '::', '192.168.1.5', 'db.example'])('that listens on %s is warned of', (host) => {
    expect(warnings({ auth: {}, router: { host }, ops: { host } })).toEqual([{ listening: { router: host } }]);
  });

  it.each(['127.0.0.1', '127.8.8.8', 'localhost', '::1'])('may listen on %s', (host) => {
    expect(warnings({ auth: {}, router: { host }, ops: { host: '0.0.0.0' } })).toEqual([]);
  });

  it.each([
    ['with an authentication file', { auth: { file: 'auth.yaml' }, router: { host: '0.0.0.0' } }],
    ['that knows no authentication', { router: { host: '0.0.0.0' } }],
    ['that doesn’t listen', { auth: {}, dataDir: './data' }],
  ])('no warning for one %s', (_, config) => expect(warnings(config)).toEqual([]));
});
