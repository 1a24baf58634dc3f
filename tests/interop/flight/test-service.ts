import { setTimeout } from 'node:timers/promises';
import { type FlightInfo, type FlightMessage, type FlightService, recordBatchOf } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import { Field, Int64, Schema, vectorFromArray } from 'apache-arrow';

const numbers = new Schema([new Field('n', new Int64(), false)]);

/** What happened on the server's side, for the suite to look at. */
export interface Seen {
  cancelled: number;
}

/**
 * A service for clients of other implementations: DoPut stores under the descriptor's path, DoGet gives that back (or
 * `count:<rows>`, `sleep`, `fail:<status>`), DoExchange answers each message, actions echo.
 */
export function testService(seen: Seen): Partial<FlightService> {
  const stored = new Map<string, FlightMessage[]>();
  const infoOf = (name: string): FlightInfo => {
    const messages = stored.get(name);
    if (!messages) throw new GrpcError(Status.NOT_FOUND, `there is no ${name}`);
    const schema = messages.find((message) => message.schema)?.schema;
    const totalRecords = messages.reduce((sum, { batch }) => sum + (batch?.numRows ?? 0), 0);
    const endpoints = [{ ticket: Buffer.from(name), locations: [] }];
    return {
      ...(schema && { schema }),
      descriptor: { path: [name] },
      endpoints,
      totalRecords,
      totalBytes: -1,
      ordered: true,
    };
  };
  return {
    async *handshake(_, { metadata, responseHeaders }) {
      const [, basic] = /^Basic (.+)$/.exec(metadata.get('authorization') ?? '') ?? [];
      if (Buffer.from(basic ?? '', 'base64').toString() !== 'user:password') {
        throw new GrpcError(Status.UNAUTHENTICATED, 'wrong name or password');
      }
      responseHeaders.set('authorization', 'Bearer token-of-user');
      yield { payload: new Uint8Array(0) };
    },
    async *listFlights(criteria) {
      const wanted = Buffer.from(criteria).toString();
      for (const name of stored.keys()) if (name.includes(wanted)) yield infoOf(name);
    },
    getFlightInfo: async ({ path }) => infoOf(path?.[0] ?? ''),
    getSchema: async ({ path }) => infoOf(path?.[0] ?? '').schema!,
    async *doGet(ticket, { signal }) {
      const name = Buffer.from(ticket).toString();
      const [kind, argument] = name.split(':');
      if (kind === 'count') yield* count(Number(argument));
      else if (kind === 'fail') throw new GrpcError(Status[argument as keyof typeof Status], 'failed as asked');
      else if (kind === 'sleep') {
        signal.addEventListener('abort', () => seen.cancelled++);
        yield { schema: numbers };
        await setTimeout(60_000, undefined, { signal });
      } else yield* stored.get(name) ?? [];
    },
    async *doPut(messages) {
      const kept: FlightMessage[] = [];
      let rows = 0;
      for await (const { descriptor, schema, batch, appMetadata } of messages) {
        if (descriptor) stored.set(descriptor.path![0]!, kept);
        if (schema) kept.push({ schema });
        if (batch) kept.push({ batch });
        rows += batch?.numRows ?? 0;
        if (appMetadata) yield appMetadata;
      }
      yield Buffer.from(`rows ${rows}`);
    },
    async *doExchange(messages) {
      for await (const { batch, appMetadata } of messages) {
        if (batch) yield { batch, ...(appMetadata && { appMetadata }) };
        else if (appMetadata) yield { appMetadata };
      }
    },
    async *doAction({ type, body }, { metadata }) {
      if (type === 'fail')
        throw new GrpcError(Status[Buffer.from(body).toString() as keyof typeof Status], 'failed as asked');
      yield Buffer.from(type === 'header' ? (metadata.get(Buffer.from(body).toString()) ?? '') : type);
      yield body;
    },
    async *listActions() {
      yield { type: 'echo', description: 'gives its name and its body back' };
    },
  };
}

async function* count(rows: number): AsyncGenerator<FlightMessage> {
  for (let first = 0; first < rows; first += 65_536) {
    const length = Math.min(65_536, rows - first);
    const values = new BigInt64Array(length);
    for (let i = 0; i < length; i++) values[i] = BigInt(first + i);
    yield { batch: recordBatchOf(numbers, [vectorFromArray(values).data[0]!], length) };
  }
}
