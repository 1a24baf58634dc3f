import {
  type AppendResult,
  createSignalAppender,
  type SealedBatch,
  type Signal,
  type SignalAppender,
} from '@signaldb/otlp';
import type { RecordBatch } from 'apache-arrow';
import type { OtlpEncoding } from '../log-record.ts';

/** Rows of one table of one tenant, and which LSNs they belong to. */
export interface TableBatch {
  readonly tenant: string;
  readonly table: string;
  /** Of a user's table: tells it from others of its name. */
  readonly tableUuid?: string | undefined;
  readonly batch: RecordBatch;
  readonly firstLsn: number;
  readonly lastLsn: number;
  readonly runs: SealedBatch['runs'];
}

/** Rows that were decoded and await their LSN: exactly one of `commit` and `rollback` has to be called, at once. */
export interface StagedRows {
  readonly result: AppendResult;
  commit(lsn: number): void;
  rollback(): void;
}

/** Joins the rows of many requests into batches worth sending: one appender a tenant and signal. */
export interface Gatherer {
  /** Decodes a request. Throws OtlpDecodeError, and then nothing has changed. */
  stage(tenant: string, signal: Signal, body: Uint8Array, encoding: OtlpEncoding): StagedRows;
  /** Adds a batch as it is. */
  add(table: Pick<TableBatch, 'tenant' | 'table' | 'tableUuid'>, batch: RecordBatch, lsn: number): void;
  readonly rows: number;
  readonly bytes: number;
  /** Takes everything out. */
  cut(): TableBatch[];
}

export interface GathererOptions {
  readonly attributeColumnsMax: number;
  /** Appenders of tenants that send nothing are let go beyond this number. Default 64. */
  readonly idleAppendersMax?: number;
}

interface Slot {
  readonly tenant: string;
  readonly appender: SignalAppender;
}

/** What an appender takes beside its rows, about: it counts where many tenants send a little each. */
const appenderBytes = 80 * 1024;

export function createGatherer(options: GathererOptions): Gatherer {
  const { attributeColumnsMax, idleAppendersMax = 64 } = options;
  const idle = new Map<string, Slot>(); // kept because they know the columns of their tenant
  const active = new Map<string, Slot>();
  let batches: TableBatch[] = [];
  let batchRows = 0;
  let batchBytes = 0;

  function slotOf(tenant: string, signal: Signal): Slot {
    const name = `${signal}/${tenant}`;
    const found = active.get(name) ?? idle.get(name);
    const slot = found ?? {
      tenant,
      appender: createSignalAppender({ signal, columns: { attributeColumnsMax } }),
    };
    idle.delete(name);
    active.set(name, slot);
    return slot;
  }

  return {
    stage: (tenant, signal, body, encoding) => {
      const { appender } = slotOf(tenant, signal);
      const result = appender.append(body, encoding);
      return { result, commit: (lsn) => appender.commit(lsn), rollback: () => appender.rollback() };
    },
    add: ({ tenant, table, tableUuid }, batch, lsn) => {
      const rows = batch.numRows;
      batches.push({ tenant, table, tableUuid, batch, firstLsn: lsn, lastLsn: lsn, runs: [[lsn, rows]] });
      batchRows += rows;
      batchBytes += batch.data.byteLength;
    },
    get rows() {
      let rows = batchRows;
      for (const { appender } of active.values()) rows += appender.rows;
      return rows;
    },
    get bytes() {
      let bytes = batchBytes + active.size * appenderBytes;
      for (const { appender } of active.values()) bytes += appender.bytes;
      return bytes;
    },
    cut: () => {
      const taken = batches;
      batches = [];
      batchRows = 0;
      batchBytes = 0;
      for (const [name, slot] of active) {
        for (const sealed of slot.appender.seal()) taken.push({ tenant: slot.tenant, ...sealed });
        active.delete(name);
        idle.set(name, slot);
      }
      for (const name of idle.keys()) {
        if (idle.size <= idleAppendersMax) break;
        idle.delete(name);
      }
      return taken;
    },
  };
}
