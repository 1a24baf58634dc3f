import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { recordBatchOf } from '@signaldb/flight';
import { Field, Int32, Schema, vectorFromArray } from 'apache-arrow';
import { traceRequest } from '../testing/spans.ts';
import { createLiveBuffer, type LiveBuffer } from './live-buffer.ts';

const schema = new Schema([new Field('n', new Int32(), true)]);
const batch = (rows: number) =>
  recordBatchOf(
    schema,
    [
      vectorFromArray(
        Array.from({ length: rows }, (_, i) => i),
        new Int32(),
      ).data[0]!,
    ],
    rows,
  );

const never = new AbortController().signal;
let log: { nextLsn: number };
let live: LiveBuffer;
beforeEach(() => {
  jest.useFakeTimers();
  log = { nextLsn: 1 };
  live = createLiveBuffer(
    { rowsMax: 100, bytesMax: 1e6, ageMsMax: 200, waitingBytesMax: 200_000, attributeColumnsMax: 10 },
    log,
  );
});
afterEach(() => {
  jest.useRealTimers();
});

/** Adds a batch under the next LSN, as the log would number it. */
function add(rows: number): void {
  const lsn = log.nextLsn++;
  live.add({ tenant: 't', table: 'numbers' }, batch(rows), lsn);
}

describe('a live buffer', () => {
  it('cuts by rows', async () => {
    live.open();
    add(60);
    add(60);
    add(10);
    const cut = await live.next(never);
    expect(cut?.batches.map(({ runs }) => runs)).toEqual([[[1, 60]], [[2, 60]]]);
    expect(cut?.throughLsn).toBe(2);
  });

  it('cuts by age', async () => {
    live.open();
    add(1);
    const cut = live.next(never);
    jest.advanceTimersByTime(199);
    add(1);
    jest.advanceTimersByTime(1);
    expect((await cut)?.throughLsn).toBe(2);
  });

  it('cuts when told to hurry, and says through which LSN also where there are no rows', async () => {
    live.open();
    log.nextLsn = 5;
    live.hurry();
    expect(await live.next(never)).toEqual({ batches: [], throughLsn: 4 });
  });

  it('makes no cut twice at the same LSN', async () => {
    live.open();
    add(1);
    live.hurry();
    expect((await live.next(never))?.throughLsn).toBe(1);
    live.hurry();
    const next = live.next(never);
    add(1);
    live.hurry();
    expect((await next)?.throughLsn).toBe(2);
  });

  it('gathers on while nobody takes what is due', async () => {
    live.open();
    for (let i = 0; i < 5; i++) {
      add(10);
      jest.advanceTimersByTime(300);
    }
    expect((await live.next(never))?.batches).toHaveLength(5);
  });

  it('joins the requests of a tenant and signal', async () => {
    live.open();
    for (const names of [['a', 'b'], ['c']]) {
      const staged = live.stage('t', 'traces', traceRequest(names).protobuf, 'protobuf');
      staged.commit(log.nextLsn++);
    }
    live.stage('t', 'traces', traceRequest(['dropped']).protobuf, 'protobuf').rollback();
    live.hurry();
    const cut = await live.next(never);
    expect(cut?.batches).toMatchObject([
      {
        tenant: 't',
        table: 'traces',
        firstLsn: 1,
        lastLsn: 2,
        runs: [
          [1, 2],
          [2, 1],
        ],
      },
    ]);
  });

  it('gives up when too much waits, and says so to whoever takes', async () => {
    live.open();
    for (let i = 0; i < 2000 && live.isOpen; i++) add(99);
    expect([live.isOpen, live.waitingBytes]).toEqual([false, 0]);
    expect(await live.next(never)).toBeUndefined();
  });

  it('keeps nothing while it is closed, and still checks', () => {
    const staged = live.stage('t', 'traces', traceRequest(['a']).protobuf, 'protobuf');
    expect(staged.result.rows).toBe(1);
    staged.commit(1);
    expect(live.waitingBytes).toBe(0);
    expect(() => live.stage('t', 'traces', Buffer.from([0x0a, 0xff]), 'protobuf')).toThrow();
    live.stage('t', 'traces', traceRequest(['b']).protobuf, 'protobuf').rollback();
  });

  it('knows which cuts still hold', async () => {
    live.open();
    add(100);
    const cut = (await live.next(never))!;
    expect(live.isValid(cut)).toBe(true);
    live.close();
    expect(live.isValid(cut)).toBe(false);
  });

  it('lets go of a taker that is told to stop', async () => {
    live.open();
    const stop = new AbortController();
    const next = live.next(stop.signal);
    stop.abort(new Error('enough'));
    await expect(next).rejects.toThrow('enough');
  });
});
