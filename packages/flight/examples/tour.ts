// What the README shows, as it runs: `node examples/tour.ts`.
import {
  addFlightService,
  arrowError,
  authenticateBasic,
  cancelFlightInfo,
  clientReports,
  clientRetries,
  compose,
  connectFlight,
  createBearerTokens,
  createInprocNetwork,
  type FlightService,
  fetchEndpoints,
  fetchFlight,
  pathDescriptor,
  pollFlight,
  secretsEqual,
  serviceDeadlines,
  serviceReports,
  withAuthentication,
  withFlightActions,
} from '@signaldb/flight';
import { createGrpcServer } from '@signaldb/grpc';
import { type RecordBatch, tableFromArrays } from 'apache-arrow';

/** What the tour came across. */
export const seen: string[] = [];
const use = (batch: RecordBatch) => seen.push(`${batch.numRows} rows`);
const log = (line: string) => seen.push(line);

const orders = tableFromArrays({ id: BigInt64Array.of(1n, 2n, 3n), total: Float64Array.of(9.5, 20, 3.25) });

const service: Partial<FlightService> = {
  getFlightInfo: async (descriptor) => {
    if (descriptor.path?.[0] !== 'orders') throw arrowError({ code: 'KeyError', message: 'there is no such table' });
    const endpoints = [{ ticket: Buffer.from('orders'), locations: [] }];
    return { schema: orders.schema, descriptor, endpoints, totalRecords: 3, totalBytes: -1, ordered: true };
  },
  async *doGet(_ticket, { signal }) {
    for (const batch of orders.batches) {
      signal.throwIfAborted();
      yield { batch, appMetadata: Buffer.from('any bytes') };
    }
  },
  async *doPut(messages) {
    for await (const { batch } of messages) if (batch) yield Buffer.from(`${batch.numRows} taken`);
  },
};

const server = createGrpcServer();
addFlightService(server, service, { compression: 'lz4' });
const { port } = await server.listen({ host: '127.0.0.1', port: 0 });

const client = connectFlight(`grpc://127.0.0.1:${port}`);
const info = await client.getFlightInfo(pathDescriptor('orders'));
for await (const { batch } of fetchFlight(client, info)) if (batch) use(batch);

const inproc = createInprocNetwork();
inproc.serve('orders', service);
const local = connectFlight('inproc://orders', { inproc }); // the same client: nothing is copied or encoded
for await (const { batch } of local.doGet(Buffer.from('orders'))) if (batch) use(batch);

const tokens = createBearerTokens({ key: crypto.getRandomValues(new Uint8Array(32)) });
const known = withAuthentication(service, {
  ...tokens,
  basic: async (user, password) => (user === 'ada' && secretsEqual(password, 'secret') ? { name: user } : undefined),
});
inproc.serve('known', known);
const ada = await authenticateBasic(connectFlight('inproc://known', { inproc }), 'ada', 'secret');
for await (const { batch } of ada.doGet(Buffer.from('orders'))) if (batch) use(batch);

const observed = compose(
  serviceReports({ ended: ({ call, code, responseRows }) => log(`${call} ${code} ${responseRows}`) }),
  serviceDeadlines({ defaultMs: 30_000, maxMs: { doGet: 600_000 } }),
)(known);
inproc.serve('observed', observed);

const careful = compose(
  clientRetries({ attemptsMax: 3, calls: ['getSchema', 'doGet'] }),
  clientReports({ ended: ({ call, durationMs }) => log(`${call} took ${durationMs > 0}`) }),
)(connectFlight('inproc://observed', { inproc, bearer: (await tokens.issue({ name: 'ada' })).token }));
for await (const { batch } of careful.doGet(Buffer.from('orders'))) if (batch) use(batch);

for await (const { batch } of fetchEndpoints(client, pollFlight(client, pathDescriptor('orders')))) {
  if (batch) use(batch);
}

inproc.serve('cancellable', withFlightActions(service, { cancel: async () => 'CANCELLED' }));
log(await cancelFlightInfo(connectFlight('inproc://cancellable', { inproc }), info));

await client.close();
await server.close();
