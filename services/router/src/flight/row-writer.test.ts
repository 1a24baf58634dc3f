import { describe, expect, it } from '@jest/globals';
import { connectFlight, createInprocNetwork, type FlightMessage, recordBatchOf } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import { Field, Int64, type RecordBatch, Schema, vectorFromArray } from 'apache-arrow';
import { writeRows } from './row-writer.ts';

const schema = new Schema([new Field('n', new Int64(), true)]);
const batchOf = (...values: number[]) =>
  recordBatchOf(schema, [vectorFromArray(values.map(BigInt), new Int64()).data[0]!], values.length);

/** An acceptor with a log of one table: batches by their keys, in order. */
class Acceptor {
  readonly log = new Map<string, number[]>();
  readonly requests: Record<string, unknown>[] = [];
  /** Called with each batch's number before it is acknowledged, as of all streams. */
  onBatch: (count: number) => void = () => {};
  /** The first rows that it refuses, before it takes anything of them. */
  refusedFrom = Number.POSITIVE_INFINITY;
  #count = 0;

  async *doExchange(messages: AsyncIterable<FlightMessage>): AsyncGenerator<FlightMessage> {
    for await (const { batch, appMetadata } of messages) {
      if (!batch) continue;
      const request = JSON.parse(Buffer.from(appMetadata!).toString());
      this.requests.push(request);
      const key = String(request.idempotency_key);
      if (Number(key.split('/')[1]) >= this.refusedFrom)
        throw new GrpcError(Status.INVALID_ARGUMENT, 'column "n" is odd');
      if (!this.log.has(key)) this.log.set(key, [...(batch.getChildAt(0)!.toArray() as BigInt64Array)].map(Number));
      const lsn = [...this.log.keys()].indexOf(key) + 1;
      const ack = (durability_level: string) => ({
        appMetadata: Buffer.from(JSON.stringify({ lsn, durability_level, timestamp_us: 1, error: '' })),
      });
      yield ack('memory');
      this.onBatch(++this.#count);
      yield ack('disk');
      if (request.requested_durability === 'iceberg_committed') yield ack('object_storage');
      if (request.requested_durability === 'iceberg_committed') yield ack('iceberg_committed');
    }
  }

  get rows(): number[] {
    return [...this.log.values()].flat();
  }
}

function write(
  acceptor: Acceptor,
  batches: AsyncIterable<RecordBatch>,
  options: { durability?: string; patienceMs?: number; onNothingWritten?: () => Promise<void> } = {},
) {
  const inproc = createInprocNetwork();
  inproc.serve('acceptor', acceptor);
  return writeRows({
    acceptor: connectFlight('inproc://acceptor', { inproc }),
    tenant: 't',
    table: 'numbers',
    durability: 'disk',
    idempotencyKey: 'statement',
    signal: new AbortController().signal,
    batches,
    ...options,
  });
}

async function* some(count: number) {
  for (let i = 0; i < count; i++) yield batchOf(i, i);
}

const gone = () => new GrpcError(Status.UNAVAILABLE, 'the acceptor is gone');

describe('rows on their way to an acceptor', () => {
  it.each(['memory', 'disk', 'iceberg_committed'])(
    'are counted when they are as safe as asked for: %s',
    async (durability) => {
      const acceptor = new Acceptor();
      expect(await write(acceptor, some(300), { durability })).toBe(600);
      expect(acceptor.rows).toEqual(Array.from({ length: 600 }, (_, i) => i >> 1));
      expect(acceptor.requests[0]).toEqual({
        table_name: 'numbers',
        requested_durability: durability,
        idempotency_key: 'statement/0',
      });
    },
  );

  it('may be none', async () => {
    expect(await write(new Acceptor(), some(0))).toBe(0);
  });

  it('are there once, however often the acceptor goes away', async () => {
    const acceptor = new Acceptor();
    acceptor.onBatch = (count) => {
      if (count % 7 === 0) throw gone();
    };
    expect(await write(acceptor, some(50))).toBe(100);
    expect(acceptor.rows).toEqual(Array.from({ length: 100 }, (_, i) => i >> 1));
  });

  it('say what is written when the acceptor stays away', async () => {
    const acceptor = new Acceptor();
    acceptor.onBatch = (count) => {
      if (count > 2) throw gone();
    };
    await expect(write(acceptor, some(3), { patienceMs: 1 })).rejects.toMatchObject({
      code: Status.UNAVAILABLE,
      details: expect.stringMatching(
        /gone \(4 rows are written and stay; of 2 more it is not known whether they are\)/,
      ),
    });
  });

  it('are not sent again where the acceptor refuses them', async () => {
    const acceptor = new Acceptor();
    acceptor.onBatch = () => {
      throw new GrpcError(Status.INVALID_ARGUMENT, 'column "n" is Int64, the table has Utf8');
    };
    await expect(write(acceptor, some(3))).rejects.toMatchObject({
      code: Status.INVALID_ARGUMENT,
      details: 'column "n" is Int64, the table has Utf8',
    });
  });

  it.each([
    [0, true, 'column "n" is odd'],
    [2, false, 'column "n" is odd (4 rows are written and stay)'],
  ])('tell when nothing is written: refused from batch %i on', async (refusedFrom, isNothing, details) => {
    const acceptor = new Acceptor();
    acceptor.refusedFrom = refusedFrom;
    let isTold = false;
    const onNothingWritten = async () => {
      isTold = true;
    };
    await expect(write(acceptor, some(5), { onNothingWritten })).rejects.toMatchObject({ details });
    expect(isTold).toBe(isNothing);
  });

  it('end with what their source fails with, and say what is written', async () => {
    const acceptor = new Acceptor();
    const acknowledged = Promise.withResolvers<void>();
    acceptor.onBatch = () => setTimeout(() => acknowledged.resolve());
    const failing = (async function* () {
      yield batchOf(1);
      await acknowledged.promise;
      throw new GrpcError(Status.UNAVAILABLE, 'the client is gone');
    })();
    await expect(write(acceptor, failing)).rejects.toMatchObject({
      details: expect.stringContaining('the client is gone'),
    });
    expect(acceptor.rows).toEqual([1]);
  });
});
