import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { type Authenticator, addFlightService, withAuthentication } from '@signaldb/flight';
import { createFlightSqlService, createHmacSeal } from '@signaldb/flight-sql';
import { createGrpcServer } from '@signaldb/grpc';
import { openExampleDatabase } from '../../../packages/flight-sql/src/testing/example-database.ts';

/** What the drivers' suites talk to: packages/flight-sql before DuckDB. */
export interface ExampleServer {
  readonly port: number;
  /** Fails where queries that were cancelled, timed out or left unread are still at work. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** Takes `ada` with the password `secret`, and the token `good-token`. */
const authenticator: Authenticator = {
  basic: async (user, password) => (user === 'ada' && password === 'secret' ? { name: user } : undefined),
  bearer: async (token) => (token === 'good-token' ? { name: 'a token' } : undefined),
};

export async function openExampleServer(options: {
  readonly writable: boolean;
  readonly secured?: boolean;
}): Promise<ExampleServer> {
  const { handlers, busy, close } = await openExampleDatabase(options);
  const seal = createHmacSeal({ key: Buffer.alloc(32, 7), lifetimeMs: 600_000 });
  const service = createFlightSqlService(handlers, { seal, server: { name: 'example', version: '1.2.3' } });
  const log = (fields: object, message: string) => console.error(message, fields);
  const server = createGrpcServer({ logger: { debug() {}, info() {}, warn: log, error: log } });
  addFlightService(server, options.secured ? withAuthentication(service, authenticator) : service);
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
  return {
    port,
    settle: async () => {
      for (let tries = 0; busy() > 0 && tries < 100; tries++) await delay(50);
      assert.equal(busy(), 0, 'statements that nobody waits for are still at work');
    },
    close: async () => {
      await server.close({ graceMs: 0 });
      await close();
    },
  };
}
