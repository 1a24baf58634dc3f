import { expect, it } from '@jest/globals';
import type { CallContext, FlightMessage } from '@signaldb/flight';
import { Metadata, Status } from '@signaldb/grpc';
import { Int32, type RecordBatch, Table, vectorFromArray } from 'apache-arrow';
import { rowsForClients } from './rows-for-clients.ts';

const batch = new Table({ n: vectorFromArray([1], new Int32()) }).batches[0] as RecordBatch;
const outcome = (status: string) => Buffer.from(JSON.stringify({ status, reasons: ['w1 is away'] }));

async function rowsOf(messages: readonly FlightMessage[], headers: Record<string, string> = {}) {
  const context = { metadata: new Metadata(headers) } as CallContext;
  const all = (async function* () {
    yield* messages;
  })();
  const found: FlightMessage[] = [];
  for await (const message of rowsForClients(all, context)) found.push(message);
  return found;
}

it('clients get the schema and the very batches, and no message without data', async () => {
  const appMetadata = outcome('COMPLETE');
  const found = await rowsOf([
    { schema: batch.schema, appMetadata },
    { batch },
    { batch, appMetadata },
    { appMetadata },
  ]);
  expect(found).toEqual([{ schema: batch.schema }, { batch }, { batch }]);
  expect(found[1]!.batch).toBe(batch);
});

it('an answer that is short is refused, first or last, unless the client takes it', async () => {
  const partial = { appMetadata: outcome('PARTIAL') };
  for (const messages of [[{ schema: batch.schema, ...partial }], [{ batch }, partial]]) {
    await expect(rowsOf(messages)).rejects.toMatchObject({
      code: Status.UNAVAILABLE,
      details: expect.stringContaining('w1 is away'),
    });
    expect(await rowsOf(messages, { 'x-signaldb-allow-partial': 'true' })).toHaveLength(1);
  }
});
