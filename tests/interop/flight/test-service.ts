import { setTimeout } from 'node:timers/promises';
import { type FlightInfo, type FlightMessage, type FlightService, recordBatchOf } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import { Field, Int64, Schema, vectorFromArray } from 'apache-arrow';
import { randomFrom } from '../../../packages/flight/src/testing/mutate.ts';
import { type PlainValue, plainColumns } from '../../../packages/flight/src/testing/plain-values.ts';
import { RandomData } from '../../../packages/flight/src/testing/random-data.ts';
import { randomSchema } from '../../../packages/flight/src/testing/random-types.ts';

const numbers = new Schema([new Field('n', new Int64(), false)]);

/** What happened on the server's side, for the suite to look at. */
export interface Seen {
  cancelled: number;
}

/**
 * A service for clients of other implementations: DoPut stores under the descriptor's path, DoGet gives that back (or
 * `count:<rows>`, `sleep`, `fail:<status>`, `noted`, `random:<seed>`), DoExchange answers each message, actions echo or tell.
 */
export function testService(seen: Seen): Partial<FlightService> {
  const stored = new Map<string, FlightMessage[]>();
  const sleep = async (signal: AbortSignal) => {
    signal.addEventListener('abort', () => seen.cancelled++);
    await setTimeout(60_000, undefined, { signal });
  };
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
    async *listFlights(criteria, { signal }) {
      const wanted = Buffer.from(criteria).toString();
      if (wanted === 'sleep') await sleep(signal);
      for (const name of stored.keys()) if (name.includes(wanted)) yield infoOf(name);
    },
    async getFlightInfo({ path }, { signal }) {
      if (path?.[0] === 'sleep') await sleep(signal);
      return infoOf(path?.[0] ?? '');
    },
    getSchema: async ({ path }) => infoOf(path?.[0] ?? '').schema!,
    async *doGet(ticket, { signal }) {
      const name = Buffer.from(ticket).toString();
      const [kind, argument] = name.split(':');
      if (kind === 'count') yield* count(Number(argument));
      else if (kind === 'noted') yield* withMetadata();
      else if (kind === 'random') yield* randomMessages(Number(argument)).messages;
      else if (kind === 'fail') throw new GrpcError(Status[argument as keyof typeof Status], 'failed as asked');
      else if (kind === 'sleep') {
        yield { schema: numbers };
        await sleep(signal);
      } else {
        const messages = stored.get(name);
        if (!messages) throw new GrpcError(Status.NOT_FOUND, `there is no ${name}`);
        yield* messages;
      }
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
    async *doAction({ type, body }, { metadata, principal, signal }) {
      if (type === 'sleep') await sleep(signal);
      if (type === 'unheard-of') throw new GrpcError(Status.UNIMPLEMENTED, `there is no action ${type}`);
      if (type === 'fail')
        throw new GrpcError(Status[Buffer.from(body).toString() as keyof typeof Status], 'failed as asked');
      if (type === 'random') {
        yield Buffer.from(JSON.stringify(randomMessages(Number(Buffer.from(body).toString())).columns));
        return;
      }
      if (type === 'who') {
        yield Buffer.from(principal?.name ?? 'nobody');
        return;
      }
      yield Buffer.from(type === 'header' ? (metadata.get(Buffer.from(body).toString()) ?? '') : type);
      yield body;
    },
    async *listActions() {
      yield { type: 'echo', description: 'gives its name and its body back' };
    },
  };
}

/** Metadata alone before and after, and with each batch. (What comes before the schema pyarrow's DoGet drops.) */
async function* withMetadata(): AsyncGenerator<FlightMessage> {
  yield { schema: numbers };
  yield { appMetadata: Buffer.from('before') };
  for await (const message of count(3 * 65_536)) yield { ...message, appMetadata: Buffer.from('with') };
  yield { appMetadata: Buffer.from('after') };
}

/** A stream of the seed's, and what it means: each column's values, as packages/flight/src/testing/plain-values.ts says. */
function randomMessages(seed: number): { messages: FlightMessage[]; columns: PlainValue[][] } {
  const random = randomFrom(seed);
  let schema: Schema;
  do schema = randomSchema(random);
  while (/DAY_TIME|YEAR_MONTH/.test(String(schema))); // intervals that Python doesn't know
  const data = new RandomData(random, (['none', 'some', 'all'] as const)[random(3)]!);
  const batches = Array.from({ length: random(4) }, () => data.batch(schema, 20));
  return {
    messages: [{ schema }, ...batches.map((batch) => ({ batch }))],
    columns: plainColumns(schema.fields.length, batches),
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
