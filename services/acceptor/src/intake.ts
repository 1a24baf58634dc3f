import type { AppendResult, Signal } from '@signaldb/otlp';
import type { Append, Appended, Log } from '@signaldb/wal';
import type { RecordBatch } from 'apache-arrow';
import type { LiveBuffer } from './forward/live-buffer.ts';
import { arrowKind, encodeArrowPayload, type OtlpEncoding, otlpKind } from './log-record.ts';
import type { AcceptorMetrics } from './metrics.ts';
import { Refusal, toRefusal } from './refusal.ts';

export interface IntakeOptions {
  readonly log: Pick<Log, 'append' | 'findIdempotencyKey' | 'whenDurable'>;
  readonly live: LiveBuffer;
  /** When OTLP clients are answered. */
  readonly durability: 'memory' | 'disk';
  readonly metrics: AcceptorMetrics;
}

/** A table of a user's. The UUID tells it from others of its name, before and after. */
export interface TableRef {
  readonly tenant: string;
  readonly table: string;
  readonly tableUuid: string;
}

/** A batch in the log, or on its way to the disk. */
export interface AdmittedBatch {
  readonly lsn: number;
  readonly durable: Promise<void>;
  /** The key was there already: the LSN is that of the first write, and nothing was added. */
  readonly isDuplicate: boolean;
}

/** The way of all data into the log: decoded first, so that nothing bad gets in, then logged, then sent on. */
export interface Intake {
  /** Takes an OTLP request; resolves when it is as safe as the acceptor promises. Throws Refusal, and then nothing was taken. */
  otlp(tenant: string, signal: Signal, body: Uint8Array, encoding: OtlpEncoding): Promise<AppendResult>;
  /** Takes a batch that has its table's schema. Throws Refusal. */
  batch(table: TableRef, batch: RecordBatch, idempotencyKey: string | undefined): AdmittedBatch;
  /** From now on everything is refused. */
  close(): void;
}

export function createIntake({ log, live, durability, metrics }: IntakeOptions): Intake {
  let isClosed = false;

  function append(record: Append): Appended {
    if (isClosed) throw new Refusal('closing', 'the acceptor is stopping');
    const appended = log.append(record);
    appended.durable.catch(() => live.close()); // its rows may be on their way, and must not arrive
    return appended;
  }

  return {
    otlp: async (tenant, signal, body, encoding) => {
      const started = performance.now();
      try {
        const staged = live.stage(tenant, signal, body, encoding);
        const { result } = staged;
        let appended: Appended | undefined;
        try {
          if (result.rows > 0) appended = append({ kind: otlpKind(signal, encoding), tenant, payload: body });
        } catch (error) {
          staged.rollback();
          throw error;
        }
        if (appended) staged.commit(appended.lsn);
        else staged.rollback();
        if (durability === 'disk') await appended?.durable;
        metrics.acceptedRequests.inc({ signal });
        metrics.acceptedBytes.inc({ signal }, body.length);
        for (const { table, rows } of result.tables) metrics.acceptedRows.inc({ table }, rows);
        if (result.rejected) metrics.rejectedItems.inc({ signal }, result.rejected.count);
        metrics.logSeconds.observe((performance.now() - started) / 1000);
        return result;
      } catch (error) {
        throw toRefusal(error);
      }
    },

    batch: (table, batch, idempotencyKey) => {
      const { tenant } = table;
      if (idempotencyKey !== undefined) {
        const lsn = log.findIdempotencyKey(tenant, idempotencyKey);
        if (lsn !== undefined) {
          metrics.duplicates.inc();
          const durable = log.whenDurable(lsn);
          durable.catch(() => {});
          return { lsn, durable, isDuplicate: true };
        }
      }
      try {
        const payload = encodeArrowPayload(table, batch);
        const { lsn, durable } = append({
          kind: arrowKind,
          tenant,
          payload,
          ...(idempotencyKey !== undefined && { idempotencyKey }),
        });
        live.add(table, batch, lsn);
        metrics.acceptedRequests.inc({ signal: 'arrow' });
        metrics.acceptedRows.inc({ table: 'user' }, batch.numRows);
        return { lsn, durable: durable.catch((error) => Promise.reject(toRefusal(error))), isDuplicate: false };
      } catch (error) {
        throw toRefusal(error);
      }
    },

    close: () => {
      isClosed = true;
    },
  };
}
