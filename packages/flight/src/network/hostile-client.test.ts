import { Client, credentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createGrpcServer, type GrpcServer, Status } from '@signaldb/grpc';
import { DenseUnion, Field, Int32, Schema } from 'apache-arrow';
import { connectFlight } from '../connect.ts';
import { FlightDataEncoder } from '../stream/encode.ts';
import { mutate, randomFrom } from '../testing/mutate.ts';
import { sampleBatch } from '../testing/sample.ts';
import { flightMethods } from './flight-methods.ts';
import { addFlightService } from './flight-server.ts';

let server: GrpcServer;
let raw: Client;
let location: string;

beforeAll(async () => {
  server = createGrpcServer();
  addFlightService(server, {
    async *doPut(messages) {
      let rows = 0;
      for await (const { batch } of messages) rows += batch?.numRows ?? 0;
      yield Buffer.from(String(rows));
    },
    getSchema: async () => sampleBatch(1).schema,
  });
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
  location = `grpc://127.0.0.1:${port}`;
  raw = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
});

afterAll(async () => {
  raw.close();
  await server.close({ graceMs: 0 });
});

/** What DoPut of these messages ends with: the rows, or the status and its message. */
function put(...messages: Uint8Array[]): Promise<string> {
  return new Promise((resolve) => {
    const asItIs = (bytes: Buffer) => bytes;
    const call = raw.makeBidiStreamRequest(flightMethods.doPut.path, asItIs, (bytes: Buffer) =>
      bytes.subarray(2).toString(),
    );
    call.on('data', (rows: string) => resolve(rows));
    call.on('error', (error: { code: number; details: string }) => resolve(`${error.code} ${error.details}`));
    call.on('end', () => {});
    for (const message of messages) call.write(Buffer.from(message));
    call.end();
  });
}

const encoded = () => new FlightDataEncoder().encode({ batch: sampleBatch(3) }).map((parts) => Buffer.concat(parts));

it('garbage ends its call with INVALID_ARGUMENT that says what is wrong', async () => {
  const [schema, batch] = encoded() as [Buffer, Buffer];
  expect(await put(schema, batch)).toBe('3');
  expect(await put(batch)).toBe('3 a record batch came before its schema');
  expect(await put(Buffer.from('garbage'))).toMatch(/^3 a FlightData message/);
  expect(await put(schema.subarray(0, 40))).toMatch(/^3 /);
  expect(await put(Buffer.from([0x0a, 2, 255, 255]))).toMatch(/^3 the flight descriptor can't be decoded/);
  expect(await put(Buffer.from([0x12, 3, 1, 2, 3]))).toBe('3 flatbuffer: 3 bytes are too few for a message');
});

it('any mutation is refused or taken, and others are served as ever', async () => {
  const random = randomFrom(7);
  const [schema, batch] = encoded() as [Buffer, Buffer];
  const client = connectFlight(location);
  for (let round = 0; round < 200; round++) {
    const outcome = await put(mutate(schema, random), mutate(batch, random));
    if (!/^\d+$/.test(outcome))
      expect([Status.INVALID_ARGUMENT, Status.RESOURCE_EXHAUSTED]).toContain(Number.parseInt(outcome, 10));
    if (round % 50 === 0) expect((await client.getSchema({ path: [] })).fields.length).toBe(2);
  }
  await client.close();
});

it('a refusal of endless names fits into a header, and the connection lives', async () => {
  const name = '☃'.repeat(300_000);
  const members = [new Field('a', new Int32(), true), new Field('b', new Int32(), true)];
  const schema = new Schema([new Field(name, new DenseUnion([0, 0], members), true)]);
  const [message] = new FlightDataEncoder().encode({ schema }).map((parts) => Buffer.concat(parts));
  expect(await put(message!)).toMatch(/^3 field "☃☃☃.*…": a union needs one type id/);
  expect(await put(...encoded())).toBe('3');
});

it('a broken descriptor of a plain call is INVALID_ARGUMENT or INTERNAL, and the server lives', async () => {
  const outcome = await new Promise<number>((resolve) => {
    raw.makeUnaryRequest(
      flightMethods.getSchema.path,
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => bytes,
      Buffer.from([255, 255, 255]),
      (error) => resolve(error?.code ?? 0),
    );
  });
  expect([Status.INVALID_ARGUMENT, Status.INTERNAL]).toContain(outcome);
  expect(await put(...encoded())).toBe('3');
});
