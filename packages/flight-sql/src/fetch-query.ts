import type { CallOptions, FlightClient, FlightInfo, FlightMessage } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import type { RecordBatch } from 'apache-arrow';
import type { OpenLocation, QueryStream } from './client.ts';

/** The rows behind an info. Without a schema in the info, the first endpoint has to tell it. */
export async function fetchQuery(
  client: FlightClient,
  open: OpenLocation | undefined,
  info: FlightInfo,
  options: CallOptions | undefined,
): Promise<QueryStream> {
  const messages = fetchEndpoints(client, open, info, options);
  if (info.schema) return Object.assign(batchesOf(messages), { schema: info.schema, info });
  for (;;) {
    const { done, value } = await messages.next();
    if (done) throw new GrpcError(Status.INTERNAL, 'the server told no schema: the statement is no query');
    if (value.schema) return Object.assign(batchesOf(messages), { schema: value.schema, info });
  }
}

async function* fetchEndpoints(
  client: FlightClient,
  open: OpenLocation | undefined,
  { endpoints }: FlightInfo,
  options: CallOptions | undefined,
): AsyncGenerator<FlightMessage> {
  for (const { ticket, locations } of endpoints) {
    const here = locations.length === 0 || locations.some((uri) => isHere(uri, client.location));
    yield* (here || !open ? client : open(locations[0]!)).doGet(ticket, options);
  }
}

async function* batchesOf(messages: AsyncIterable<FlightMessage>): AsyncGenerator<RecordBatch> {
  for await (const { batch } of messages) if (batch) yield batch;
}

function isHere(uri: string, location: string): boolean {
  return uri === location || uri.startsWith('arrow-flight-reuse-connection:');
}
