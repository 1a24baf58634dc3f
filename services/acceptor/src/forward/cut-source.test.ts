import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { recordBatchOf } from '@signaldb/flight';
import { type Log, type LogRecord, openLog } from '@signaldb/wal';
import { Field, Int64, Schema, Utf8, vectorFromArray } from 'apache-arrow';
import { arrowKind, encodeArrowPayload, otlpKind } from '../log-record.ts';
import { traceRequest } from '../testing/spans.ts';
import { cutsAfter } from './cut-source.ts';
import { type Cut, createLiveBuffer, type LiveBuffer } from './live-buffer.ts';

const limits = { rowsMax: 10, bytesMax: 1e7, ageMsMax: 5, waitingBytesMax: 1e8, attributeColumnsMax: 10 };

let dir: string;
let log: Log;
let live: LiveBuffer;
let stop: AbortController;
let undecodable: LogRecord[];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cuts-'));
  log = await openLog({ dir });
  live = createLiveBuffer(limits, log);
  stop = new AbortController();
  undecodable = [];
});
afterEach(async () => {
  stop.abort();
  await log.close();
  await rm(dir, { recursive: true });
});

/** Takes a request as the acceptor does. */
async function take(...names: string[]): Promise<void> {
  const body = traceRequest(names).protobuf;
  const staged = live.stage('t', 'traces', body, 'protobuf');
  const { lsn, durable } = log.append({ kind: otlpKind('traces', 'protobuf'), tenant: 't', payload: body });
  staged.commit(lsn);
  await durable;
}

const cuts = (after = 0) =>
  cutsAfter({ log, live, limits, onUndecodable: (record) => undecodable.push(record) }, after, stop.signal);

const namesOf = (cut: Cut) => cut.batches.flatMap(({ batch }) => [...batch.getChild('name')!]);

/** Names in the order in which they come, until one has come. */
async function namesUntil(last: string, source: AsyncIterable<Cut>, seen: (cut: Cut) => unknown = () => {}) {
  const names: unknown[] = [];
  for await (const cut of source) {
    names.push(...namesOf(cut));
    await seen(cut);
    if (names.includes(last)) return names;
  }
  return names;
}

const numbered = (count: number) => Array.from({ length: count }, (_, i) => `s${i + 1}`);

describe('the cuts of a log', () => {
  it('come from the disk first and then from memory, each row once', async () => {
    for (const name of numbered(35)) await take(name);
    const taking = { more: true };
    const names = await namesUntil('s70', cuts(), async () => {
      if (!taking.more) return;
      taking.more = false;
      for (let i = 36; i <= 70; i++) await take(`s${i}`);
    });
    expect(names).toEqual(numbered(70));
  });

  it('begin behind the LSN that was asked for', async () => {
    for (const name of numbered(20)) await take(name);
    expect(await namesUntil('s20', cuts(15))).toEqual(['s16', 's17', 's18', 's19', 's20']);
  });

  it('go back to the disk when memory gives up', async () => {
    const modes: string[] = [];
    const source = cutsAfter(
      { log, live, limits, onUndecodable: () => {}, onMode: (mode) => modes.push(mode) },
      0,
      stop.signal,
    );
    const reading = namesUntil('s40', source);
    for (const name of numbered(40)) {
      await take(name);
      if (name === 's13' || name === 's27') live.close();
    }
    expect(await reading).toEqual(numbered(40));
    expect(modes.filter((mode) => mode === 'replay').length).toBeGreaterThan(1);
  });

  it('wait for the disk before they are given out', async () => {
    const source = cuts()[Symbol.asyncIterator]();
    const first = source.next();
    await new Promise((resolve) => setTimeout(resolve, 5));
    const taken = take('s1');
    live.hurry();
    const { value } = await first;
    expect([namesOf(value as Cut), log.durableLsn]).toEqual([['s1'], 1]);
    await taken;
  });

  it('pass over what cannot be decoded any more, and say so', async () => {
    await take('s1');
    await log.append({ kind: 1, tenant: 't', payload: Buffer.from([0x0a, 0xff]) }).durable;
    await log.append({ kind: 99, tenant: 't', payload: Buffer.from('?') }).durable;
    await log.append({ kind: arrowKind, tenant: 't', payload: Buffer.from([1, 2, 3, 4, 5]) }).durable;
    await take('s2');
    expect(await namesUntil('s2', cuts())).toEqual(['s1', 's2']);
    expect(undecodable.map(({ lsn }) => lsn)).toEqual([2, 3, 4]);
  });

  it('hold requests in JSON and batches of users’ tables, too', async () => {
    const { json } = traceRequest(['from json']);
    await log.append({ kind: otlpKind('traces', 'json'), tenant: 't', payload: json }).durable;
    const schema = new Schema([new Field('name', new Utf8(), true), new Field('n', new Int64(), true)]);
    const columns = [
      vectorFromArray(['from arrow', null], new Utf8()).data[0]!,
      vectorFromArray([1n, 2n], new Int64()).data[0]!,
    ];
    const payload = encodeArrowPayload({ table: 'mine' }, recordBatchOf(schema, columns, 2));
    await log.append({ kind: arrowKind, tenant: 't', payload }).durable;
    const found: string[] = [];
    for await (const { batches } of cuts()) {
      for (const { table, batch, runs } of batches)
        found.push(`${table} ${JSON.stringify(runs)} ${batch.getChild('name')!.get(0)}`);
      if (found.length > 1) break;
    }
    expect(found.sort()).toEqual(['mine [[2,2]] from arrow', 'traces [[1,1]] from json']);
  });
});
