import { describe, expect, it } from '@jest/globals';
import type { Tail, TailRequest } from './ask-logs.ts';
import { SharedBarrier } from './shared-barrier.ts';

function scripted() {
  const asked: { request: TailRequest; answer: (tail?: Tail) => void; fail: (error: Error) => void }[] = [];
  const barrier = new SharedBarrier(
    (request) =>
      new Promise((resolve, reject) => {
        asked.push({ request, answer: (tail = { files: [], gaps: [] }) => resolve(tail), fail: reject });
      }),
  );
  return { asked, barrier };
}

const of = (tenant: string, tables: string[], min?: bigint, max?: bigint): TailRequest => ({
  tenant,
  tables,
  times: { min, max },
});
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('SharedBarrier', () => {
  it('starts at once when nothing runs', () => {
    const { asked, barrier } = scripted();
    void barrier.tail(of('a', ['traces'], 1n, 2n));
    expect(asked.map(({ request }) => request)).toEqual([of('a', ['traces'], 1n, 2n)]);
  });

  it('joins all that come while one runs, into one that starts after them', async () => {
    const { asked, barrier } = scripted();
    void barrier.tail(of('a', ['traces'], 5n, 6n));
    const second = barrier.tail(of('a', ['traces'], 1n, 2n));
    const third = barrier.tail(of('a', ['logs'], 8n, 9n));
    expect(asked).toHaveLength(1);
    asked[0]!.answer();
    await turn();
    expect(asked.map(({ request }) => request).slice(1)).toEqual([of('a', ['traces', 'logs'], 1n, 9n)]);
    const fourth = barrier.tail(of('a', ['traces']));
    const tail = { files: [], gaps: [{ reason: 'x' }] };
    asked[1]!.answer(tail);
    expect(await second).toBe(tail);
    expect(await third).toBe(tail);
    await turn();
    asked[2]!.answer();
    expect(await fourth).not.toBe(tail);
    await turn();
    void barrier.tail(of('a', ['traces']));
    expect(asked).toHaveLength(4);
  });

  it('asks for all times where one of them does', async () => {
    const { asked, barrier } = scripted();
    void barrier.tail(of('a', ['traces']));
    void barrier.tail(of('a', ['traces'], 1n, 2n));
    void barrier.tail(of('a', ['traces'], undefined, 1n));
    asked[0]!.answer();
    await turn();
    expect(asked[1]!.request.times).toEqual({ min: undefined, max: 2n });
  });

  it('keeps tenants apart, and failures from the next', async () => {
    const { asked, barrier } = scripted();
    const first = barrier.tail(of('a', ['traces']));
    const next = barrier.tail(of('a', ['traces']));
    void barrier.tail(of('b', ['traces']));
    expect(asked.map(({ request }) => request.tenant)).toEqual(['a', 'b']);
    asked[0]!.fail(new Error('no'));
    await expect(first).rejects.toThrow('no');
    await turn();
    asked[2]!.answer();
    await expect(next).resolves.toEqual({ files: [], gaps: [] });
  });
});
