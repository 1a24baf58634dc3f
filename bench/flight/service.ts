import type { FlightMessage, FlightService } from '@signaldb/flight';
import { type RecordBatch, Table, vectorFromArray } from 'apache-arrow';

/** Rows of a batch whose one int64 column takes about as many bytes as the name says. */
export const rowsOf = { '64k': 8192, '1m': 131_072, '4m': 524_288, one: 1 } as const;

export type BatchSize = keyof typeof rowsOf;

export function batchOf(size: BatchSize): RecordBatch {
  const values = BigInt64Array.from({ length: rowsOf[size] }, (_, i) => BigInt(i));
  return new Table({ n: vectorFromArray(values) }).batches[0]!;
}

/** DoGet of `size:count`, DoPut that counts the rows, DoExchange that sends every batch back. */
export function benchService(): Partial<FlightService> {
  const batches = Object.fromEntries(Object.keys(rowsOf).map((size) => [size, batchOf(size as BatchSize)]));
  return {
    async *doGet(ticket) {
      const [size, count] = Buffer.from(ticket).toString().split(':');
      const batch = batches[size!]!;
      for (let i = Number(count); i > 0; i--) yield { batch };
    },
    async *doPut(messages) {
      let rows = 0;
      for await (const { batch } of messages) rows += batch?.numRows ?? 0;
      yield Buffer.from(String(rows));
    },
    async *doExchange(messages) {
      for await (const message of messages) if (message.batch) yield { batch: message.batch } satisfies FlightMessage;
    },
  };
}
