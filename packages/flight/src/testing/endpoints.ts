import { createGrpcServer } from '@signaldb/grpc';
import type { FlightClient } from '../client.ts';
import { type ConnectOptions, connectFlight } from '../connect.ts';
import { createInprocNetwork } from '../inproc/inproc-network.ts';
import { addFlightService, type FlightServerOptions } from '../network/flight-server.ts';
import type { FlightService } from '../service.ts';

export type TransportName = 'inproc' | 'grpc';

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
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
  const client = connectFlight(`grpc://127.0.0.1:${port}`, options);
  return {
    client,
    close: async () => {
      await client.close();
      await server.close({ graceMs: 0 });
    },
  };
}
