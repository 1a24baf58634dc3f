import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { type Authenticator, addFlightService, openHandshake, withAuthentication } from '@signaldb/flight';
import {
  createFlightSqlService,
  createHmacSeal,
  type FlightSqlHandlers,
  type SubstraitHandlers,
} from '@signaldb/flight-sql';
import { createGrpcServer } from '@signaldb/grpc';
import { openExampleDatabase } from '../../../packages/flight-sql/src/testing/example-database.ts';

/** What the drivers' suites talk to: packages/flight-sql before DuckDB. */
export interface ExampleServer {
  readonly port: number;
  /** A second server before the same database, which knows the first one only by the key of its seal. */
  readonly otherPort: number;
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
  const { handlers: sql, busy, close } = await openExampleDatabase(options);
  const handlers = options.writable ? { ...sql, substrait: plansOfText(sql) } : sql;
  const listen = async () => {
    const seal = createHmacSeal({ key: Buffer.alloc(32, 7), lifetimeMs: 600_000 });
    const fallback = { handshake: openHandshake() };
    const service = createFlightSqlService(handlers, {
      seal,
      fallback,
      server: { name: 'example', version: '1.2.3' },
    });
    const log = (fields: object, message: string) => console.error(message, fields);
    const server = createGrpcServer({ logger: { debug() {}, info() {}, warn: log, error: log } });
    addFlightService(server, options.secured ? withAuthentication(service, authenticator) : service);
    const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
    return { port, close: () => server.close({ graceMs: 0 }) };
  };
  const servers = [await listen(), await listen()] as const;
  return {
    port: servers[0].port,
    otherPort: servers[1].port,
    settle: async () => {
      for (let tries = 0; busy() > 0 && tries < 100; tries++) await delay(50);
      assert.equal(busy(), 0, 'statements that nobody waits for are still at work');
    },
    close: async () => {
      await Promise.all(servers.map((server) => server.close()));
      await close();
    },
  };
}

/** DuckDB reads no plans here: the bytes of one are SQL, which is all the same to the protocol. */
function plansOfText({ prepare, query, update }: FlightSqlHandlers): SubstraitHandlers {
  const textOf = ({ bytes }: { readonly bytes: Uint8Array }) => Buffer.from(bytes).toString('utf8');
  return {
    versions: { minimum: '0.20.0', maximum: '0.30.0' },
    prepare: (plan, context, transaction) => prepare(textOf(plan), context, transaction),
    query: ({ plan, ...run }, context) => query({ sql: textOf(plan), ...run }, context),
    ...(update && { update: ({ plan, ...run }, context) => update({ sql: textOf(plan), ...run }, context) }),
  };
}
