// Flight SQL over the toy database of packages/flight-sql. Prints its port.
import { addFlightService } from '@signaldb/flight';
import { createFlightSqlService } from '@signaldb/flight-sql';
import { createGrpcServer } from '@signaldb/grpc';
import { toyHandlers } from '../../../packages/flight-sql/src/testing/toy-handlers.ts';

const { handlers } = toyHandlers({ writable: process.argv.includes('--writable') });
const server = createGrpcServer();
addFlightService(server, createFlightSqlService(handlers));
const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
console.log(port);
