import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGrpcServer } from '@signaldb/grpc';
import type { FlightClient } from '../client.ts';
import { type ConnectOptions, connectFlight } from '../connect.ts';
import { createInprocNetwork } from '../inproc/inproc-network.ts';
import { addFlightService, type FlightServerOptions } from '../network/flight-server.ts';
import type { FlightService } from '../service.ts';

export type TransportName = 'inproc' | 'grpc' | 'unix';

export interface Endpoint {
  readonly client: FlightClient;
  close(): Promise<void>;
}

/** A service behind one of the transports, with a client for it. */
export async function openEndpoint(
  transport: TransportName,
  service: Partial<FlightService>,
  options: FlightServerOptions & ConnectOptions = {},
): Promise<Endpoint> {
  if (transport === 'inproc') {
    const inproc = createInprocNetwork(
      options.bufferBytesMax === undefined ? {} : { bufferBytesMax: options.bufferBytesMax },
    );
    const served = inproc.serve('test', service);
    const client = connectFlight('inproc://test', { ...options, inproc });
    return {
      client,
      close: async () => {
        await client.close();
        served.close();
      },
    };
  }
  const server = createGrpcServer({ limits: { receiveMessageBytesMax: Number.POSITIVE_INFINITY } });
  addFlightService(server, service, options);
  const folder = transport === 'unix' ? await mkdtemp(join(tmpdir(), 'flight-')) : undefined;
  const location = folder
    ? `grpc+unix://${(await server.listen({ path: join(folder, 'socket') })).path}`
    : `grpc://127.0.0.1:${(await server.listen({ host: '127.0.0.1', port: 0 })).port}`;
  const client = connectFlight(location, options);
  return {
    client,
    close: async () => {
      await client.close();
      await server.close({ graceMs: 0 });
      if (folder) await rm(folder, { recursive: true });
    },
  };
}
