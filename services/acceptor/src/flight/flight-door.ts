import type { FlightAction, FlightService } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import { callTenant } from './call-tenant.ts';
import type { UserTables } from './user-tables.ts';
import type { WriteStream } from './writes.ts';

/** How far a log is, for a reader that must not miss what was acknowledged before it asks. */
export interface Barrier {
  readonly log_id: string;
  /** 0 while no writer has taken the log. */
  readonly epoch: number;
  /** Everything acknowledged before the call has an LSN up to this. */
  readonly lsn: number;
  /** Empty while no writer has taken the log. */
  readonly writer_id: string;
}

export interface FlightDoorOptions {
  readonly write: WriteStream;
  readonly tables: UserTables;
  readonly barrier: () => Promise<Barrier>;
}

const actions = [
  {
    type: 'CreateTable',
    description:
      'creates a table: {"name", "schema_json", "primary_key", "table_type", "partition_spec", "or_replace"}',
  },
  { type: 'ListTables', description: 'lists the tables of the tenant' },
  { type: 'DropTable', description: 'drops a table: {"name"}' },
  { type: 'barrier', description: 'sends on what waits and tells the last LSN that was acknowledged' },
] as const;

/** The acceptor's Flight service: writes to tables, and what goes with them. */
export function createFlightDoor({ write, tables, barrier }: FlightDoorOptions): Partial<FlightService> {
  return {
    async *doPut(messages, context) {
      for await (const ack of write(messages, context)) yield json(ack);
    },
    async *doExchange(messages, context) {
      for await (const ack of write(messages, context)) yield { appMetadata: json(ack) };
    },
    async *doAction(action, context) {
      const tenant = callTenant(context);
      switch (action.type) {
        case 'CreateTable': {
          const request = bodyOf(action);
          await tables.create(tenant, request);
          yield json({ name: request.name, status: 'created' });
          return;
        }
        case 'ListTables':
          yield json({ tables: await tables.list(tenant) });
          return;
        case 'DropTable': {
          const request = bodyOf(action);
          await tables.drop(tenant, request);
          yield json({ name: request.name, status: 'dropped' });
          return;
        }
        case 'barrier':
          yield json(await barrier());
          return;
        default:
          throw new GrpcError(Status.UNIMPLEMENTED, `there is no action ${JSON.stringify(action.type.slice(0, 100))}`);
      }
    },
    async *listActions() {
      yield* actions;
    },
  };
}

function bodyOf(action: FlightAction): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(action.body).toString());
  } catch (error) {
    throw new GrpcError(Status.INVALID_ARGUMENT, `the body of ${action.type} is not JSON: ${(error as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new GrpcError(Status.INVALID_ARGUMENT, `the body of ${action.type} is not a JSON object`);
  }
  return value as Record<string, unknown>;
}

function json(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}
