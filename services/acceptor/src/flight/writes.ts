import { setTimeout as sleep } from 'node:timers/promises';
import type { CallContext, FlightDescriptor, FlightMessage } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import type { RecordBatch } from 'apache-arrow';
import type { Progress } from '../forward/progress.ts';
import type { AdmittedBatch, Intake } from '../intake.ts';
import { Refusal, type RefusalReason, toGrpcError, toRefusal } from '../refusal.ts';
import { type AckMessage, createAckQueue } from './ack-queue.ts';
import { callTenant } from './call-tenant.ts';
import { fitBatch } from './fit-batch.ts';
import { MisfitError } from './misfit-error.ts';
import type { UserTable, UserTables } from './user-tables.ts';
import { parseWriteRequest, type WriteRequest } from './write-request.ts';

export interface WritesOptions {
  readonly intake: Intake;
  readonly tables: UserTables;
  readonly progress: Progress;
  /** How long a batch waits for room in the log. */
  readonly waitMsMax: number;
  readonly retryAfterMs: number;
  readonly onRefused: (reason: RefusalReason) => void;
}

/** The write protocol: batches in, acknowledgements out, for DoPut and DoExchange alike. */
export type WriteStream = (messages: AsyncIterable<FlightMessage>, context: CallContext) => AsyncIterable<AckMessage>;

const pauseMs = 20;

export function createWriteStream(options: WritesOptions): WriteStream {
  const { intake, tables, progress, waitMsMax, retryAfterMs, onRefused } = options;

  /** A stream is slowed while the log has no room: nothing more is read of it meanwhile. */
  async function admit(attempt: () => AdmittedBatch, signal: AbortSignal): Promise<AdmittedBatch> {
    const until = performance.now() + waitMsMax;
    for (;;) {
      try {
        return attempt();
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        const mayPass = error.reason === 'queue_full' || error.reason === 'log_full';
        if (!mayPass || performance.now() > until) {
          onRefused(error.reason);
          throw error;
        }
        await sleep(pauseMs, undefined, { signal });
      }
    }
  }

  async function take(
    messages: AsyncIterable<FlightMessage>,
    context: CallContext,
    tenant: string,
    onAdmitted: (admitted: AdmittedBatch, request: WriteRequest) => void,
  ): Promise<void> {
    let request: Partial<WriteRequest> = {};
    let count = 0; // of batches under the same idempotency key
    const sinceMs = Date.now();
    for await (const { descriptor, appMetadata, batch } of messages) {
      if (descriptor) request = { table: tableOf(descriptor), durability: 'disk', ...request };
      if (appMetadata && appMetadata.length > 0) {
        request = parseWriteRequest(appMetadata, request);
        count = 0;
      }
      if (!batch || batch.numRows === 0) continue;
      const { table, durability = 'disk', idempotencyKey } = request;
      if (!table) throw new GrpcError(Status.INVALID_ARGUMENT, 'neither a write request nor the path names the table');
      const { uuid, columns } = await tables.open(tenant, table, sinceMs);
      const fitted = fit(batch, columns, table);
      const key = idempotencyKey && `${table}/${idempotencyKey}/${count++}`;
      const admitted = await admit(() => intake.batch({ tenant, table, tableUuid: uuid }, fitted, key), context.signal);
      onAdmitted(admitted, { table, durability });
    }
  }

  return async function* write(messages, context) {
    const tenant = callTenant(context);
    const acks = createAckQueue(progress);
    const taking = take(messages, context, tenant, ({ lsn, durable }, { durability }) =>
      acks.track(lsn, durable, durability),
    );
    taking.then(() => acks.end(), acks.fail);
    const abort = () => acks.fail(context.signal.reason);
    context.signal.addEventListener('abort', abort, { once: true });
    try {
      yield* acks;
    } catch (error) {
      throw toGrpcError(toRefusal(error), retryAfterMs);
    } finally {
      context.signal.removeEventListener('abort', abort);
    }
  };
}

function tableOf({ path, command }: FlightDescriptor): string {
  if (path?.length === 1) return path[0]!;
  const shown = path ? `the path ${JSON.stringify(path).slice(0, 200)}` : `a command of ${command!.length} bytes`;
  throw new GrpcError(Status.INVALID_ARGUMENT, `a write's path is the name of a table, this one has ${shown}`);
}

function fit(batch: RecordBatch, columns: UserTable['columns'], table: string): RecordBatch {
  try {
    return fitBatch(batch, columns);
  } catch (error) {
    if (!(error instanceof MisfitError)) throw error;
    throw new GrpcError(Status.INVALID_ARGUMENT, `table "${table}": ${error.message}`, undefined, { cause: error });
  }
}
