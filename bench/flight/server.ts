// Serves the benchmark's calls; prints its port.
import { addFlightService } from '@signaldb/flight';
import { createGrpcServer, youngGarbageCollector } from '@signaldb/grpc';
import { benchService } from './service.ts';

const server = createGrpcServer({ collectGarbage: youngGarbageCollector() });
addFlightService(server, benchService());
console.log((await server.listen({ host: '127.0.0.1', port: 0 })).port);
