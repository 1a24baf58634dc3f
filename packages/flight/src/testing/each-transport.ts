import { afterEach, describe } from '@jest/globals';
import type { FlightClient } from '../client.ts';
import type { ConnectOptions } from '../connect.ts';
import type { FlightServerOptions } from '../network/flight-server.ts';
import type { FlightService } from '../service.ts';
import { openEndpoint, type TransportName } from './endpoints.ts';

/** Gives a client of a service behind the transport; both are closed after the test, or by `close`. */
export type Connect = (
  service: Partial<FlightService>,
  options?: FlightServerOptions & ConnectOptions,
) => Promise<FlightClient & { closeServer(): Promise<void> }>;

/** The same tests over every transport: what a client and a service see must not depend on it. */
export function overEachTransport(tests: (connect: Connect, transport: TransportName) => void): void {
  describe.each<TransportName>(['inproc', 'grpc', 'unix'])('over %s', (transport) => {
    const closers: (() => Promise<void>)[] = [];

    afterEach(async () => {
      for (const close of closers.splice(0)) await close();
    });

    tests(async (service, options) => {
      const { client, close } = await openEndpoint(transport, service, options);
      let closed: Promise<void> | undefined;
      const closeServer = () => {
        closed ??= close();
        return closed;
      };
      closers.push(closeServer);
      return Object.assign(client, { closeServer });
    }, transport);
  });
}
