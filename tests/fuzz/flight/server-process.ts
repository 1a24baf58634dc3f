// The live server: DoPut counts rows, DoExchange echoes. Tells its port; answers each message with its memory in bytes, after a collection.
import { addFlightService } from '@signaldb/flight';
import { createGrpcServer } from '@signaldb/grpc';

const server = createGrpcServer();
addFlightService(server, {
  async *doPut(messages) {
    let rows = 0;
    for await (const { batch } of messages) rows += batch?.numRows ?? 0;
    yield Buffer.from(String(rows));
  },
  async *doExchange(messages) {
    for await (const { batch } of messages) if (batch) yield { batch };
  },
});
const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
process.on('message', () => {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  process.send!({ memory: heapUsed + external });
});
process.on('disconnect', () => process.exit(0));
process.send!({ port });
