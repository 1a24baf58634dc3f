import type { CallOptions, FetchOptions, FlightClient, FlightInfo, FlightMessage } from '@signaldb/flight';
import { fetchFlight } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import type { RecordBatch } from 'apache-arrow';
import type { QueryStream } from './client.ts';

/** How the endpoints of results are fetched. */
export type FetchSettings = Pick<FetchOptions, 'connect' | 'parallel' | 'bufferBytesMax'>;

/** The rows behind an info, fetched when they are read. Without a schema in the info, the first rows have to tell it. */
export async function fetchQuery(
  client: FlightClient,
  settings: FetchSettings,
  info: FlightInfo,
  options: CallOptions = {},
): Promise<QueryStream> {
  const messages = fetchFlight(client, info, fetchOptions(settings, options));
  if (!info.schema) return readQuery(messages, () => info);
  return Object.assign(batchesOf(messages), { schema: info.schema, info });
}

/** Reads as far as the schema. */
export async function readQuery(messages: AsyncIterable<FlightMessage>, info: () => FlightInfo): Promise<QueryStream> {
  const iterator = messages[Symbol.asyncIterator]();
  for (;;) {
    const { done, value } = await iterator.next();
    if (done) throw new GrpcError(Status.INTERNAL, 'the server told no schema: the statement is no query');
    if (!value.schema) continue;
    const rest = { [Symbol.asyncIterator]: () => iterator };
    return Object.assign(batchesOf(rest), { schema: value.schema, info: info() });
  }
}

/** Those of a call that are for a whole fetch. */
export function fetchOptions(settings: FetchSettings, { metadata, signal, timeoutMs }: CallOptions): FetchOptions {
  return {
    ...settings,
    ...(metadata && { metadata }),
    ...(signal && { signal }),
    ...(timeoutMs !== undefined && { timeoutMs }),
  };
}

async function* batchesOf(messages: AsyncIterable<FlightMessage>): AsyncGenerator<RecordBatch> {
  for await (const { batch } of messages) if (batch) yield batch;
}
