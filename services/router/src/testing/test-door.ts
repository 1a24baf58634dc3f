import { type Access, openAccess } from '@signaldb/access';
import { ClusterKey } from '@signaldb/component';
import {
  connectFlight,
  createInprocNetwork,
  encodeSchemaBytes,
  type FlightAction,
  type FlightClient,
  type FlightService,
} from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import { Field, Int64, type RecordBatch, Schema, Table, vectorFromArray } from 'apache-arrow';
import { routerConfig } from '../config.ts';
import { createFrontDoor } from '../flight/front-door.ts';
import type { Querier } from '../querier-pool.ts';

export const schema = new Schema([new Field('n', new Int64(), true)]);
export const batch = new Table({ n: vectorFromArray([1n, 2n], new Int64()) }).batches[0] as RecordBatch;
export const base64Schema = Buffer.from(encodeSchemaBytes(schema)).toString('base64');
export const asJson = (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString());
export const text = (value: object) => Buffer.from(JSON.stringify(value));

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** What a querier of a test answers to each action, as JSON; those that it lacks are UNIMPLEMENTED. */
export type ActionScript = Readonly<Record<string, (body: Record<string, unknown>) => readonly object[]>>;

/** A querier that answers each action by a script and each ticket with one batch, and keeps what it was asked. */
export function scriptedQuerier(script: ActionScript = {}) {
  const actions: [type: string, body: Record<string, unknown>][] = [];
  const tickets: Record<string, unknown>[] = [];
  const usual: ActionScript = {
    describe: () => [{ statement_type: 'SELECT', schema: base64Schema, parameters: null }],
    tables: () => [],
    ...script,
  };
  const service: Partial<FlightService> = {
    async *doAction({ type, body }: FlightAction) {
      const content = asJson(body);
      actions.push([type, content]);
      const answer = usual[type];
      if (!answer) throw new GrpcError(Status.UNIMPLEMENTED, `no ${type}`);
      for (const result of answer(content)) yield text(result);
    },
    async *doGet(ticket) {
      tickets.push(asJson(ticket));
      yield { schema };
      yield { batch };
      yield { appMetadata: text({ status: 'COMPLETE', reasons: [], metrics: {} }) };
    },
  };
  return { service, actions, tickets };
}

export interface DoorOptions {
  /** By name; a router asks them in this order. */
  readonly queriers?: Readonly<Record<string, Partial<FlightService>>>;
  /** As they are registered, by name; default: in process. */
  readonly locations?: Readonly<Record<string, string>>;
  readonly acceptor?: Partial<FlightService>;
  readonly access?: Access;
  readonly config?: Partial<ReturnType<typeof routerConfig.parse>>;
  /** How many routers there are. */
  readonly routers?: number;
}

export interface Doors {
  /** One client a router. */
  readonly clients: readonly FlightClient[];
  /** Queriers that are gone: calls to them fail with UNAVAILABLE. */
  readonly gone: Set<string>;
}

export const testKey = () => new ClusterKey('a secret of this test’s own that is long enough');

/** Routers with queriers and an acceptor of the test's own behind them, reached as clients reach them. */
export function openDoors(options: DoorOptions = {}): Doors {
  const { queriers = { querier: scriptedQuerier().service }, acceptor = {}, routers = 1 } = options;
  const inproc = createInprocNetwork();
  for (const [name, service] of Object.entries(queriers)) inproc.serve(name, service);
  inproc.serve('acceptor', acceptor);
  const client = (name: string): FlightClient => connectFlight(`inproc://${name}`, { inproc });
  const gone = new Set<string>();
  const querierOf = (name: string): Querier => {
    const target = client(gone.has(name) ? 'nobody' : name);
    return {
      location: options.locations?.[name] ?? target.location,
      doGet: (ticket, call) => target.doGet(ticket, call),
      doAction: (action, call) => target.doAction(action, call),
    };
  };
  const clients = Array.from({ length: routers }, (_, i) => {
    const door = createFrontDoor({
      source: { queriers: () => Object.keys(queriers).map(querierOf) },
      acceptorFor: () => client('acceptor'),
      access: options.access ?? openAccess(testKey()),
      config: { ...routerConfig.parse({}), ...options.config },
      version: '1.2.3',
    });
    inproc.serve(`router-${i}`, door);
    return client(`router-${i}`);
  });
  return { clients, gone };
}
