import type { FlightMessage, FlightService } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import type { RecordBatch } from 'apache-arrow';

/** A row as the stand-in commits it. */
export interface CommittedRow {
  readonly tenant: string;
  readonly table: string;
  readonly lsn: number;
  /** The `name` column, or the first one. */
  readonly name: unknown;
}

export interface StandInWriter {
  readonly service: Partial<FlightService>;
  /** What was committed, once a row, in the order of the commits. */
  readonly rows: readonly CommittedRow[];
  readonly streams: number;
  /** Messages received over all streams. */
  readonly messages: readonly Record<string, unknown>[];
  /** Everything up to here was received. */
  readonly throughLsn: number;
  /** Holds back commits (and their acknowledgements) until it is turned off. */
  holdCommits: boolean;
  /** Stops reading. */
  stall(): void;
  resume(): void;
  /** Ends all streams with an error; what wasn't committed is lost. */
  breakStreams(): void;
  /** Breaks a stream by itself after so many messages. */
  breakEvery: number;
}

/**
 * A writer that keeps its tables in memory and obeys the contract: it takes a log under one epoch, checks that LSNs come
 * in order, commits with a mark a table, and skips what a mark covers.
 */
export function createStandInWriter(): StandInWriter {
  const rows: CommittedRow[] = [];
  const messages: Record<string, unknown>[] = [];
  const marks = new Map<string, number>();
  const breakers = new Set<(error: Error) => void>();
  let epoch = 0;
  let streams = 0;
  let committedThrough = 0;
  let throughLsn = 0;
  let gate: PromiseWithResolvers<void> | undefined;
  let held = Promise.withResolvers<void>();
  let hold = false;

  async function* doExchange(incoming: AsyncIterable<FlightMessage>): AsyncGenerator<FlightMessage> {
    streams++;
    const broken = Promise.withResolvers<never>();
    broken.promise.catch(() => {});
    breakers.add(broken.reject);
    const iterator = incoming[Symbol.asyncIterator]();
    let pending: { tenant: string; table: string; batch: RecordBatch; runs: [number, number][] }[] = [];
    let count = 0;
    let lastSeen = 0;
    try {
      for (;;) {
        if (gate) await Promise.race([gate.promise, broken.promise]);
        const { value: message, done } = await Promise.race([iterator.next(), broken.promise]);
        if (done) return;
        const meta = message.appMetadata ? JSON.parse(Buffer.from(message.appMetadata).toString()) : undefined;
        if (meta) messages.push(meta);
        if (writer.breakEvery > 0 && ++count > writer.breakEvery) throw new GrpcError(Status.UNAVAILABLE, 'broken');
        if (meta?.epoch !== undefined) {
          if (meta.epoch < epoch) throw new GrpcError(Status.FAILED_PRECONDITION, `epoch ${epoch} is newer`);
          epoch = meta.epoch;
          lastSeen = 0;
          const { log_id } = meta;
          yield reply({ log_id, epoch, marks: Object.fromEntries(marks), resend_from: committedThrough + 1 });
        } else if (message.batch) {
          checkOrder(meta, message.batch, lastSeen);
          pending.push({ ...meta, table: meta.table_name, batch: message.batch });
        } else if (meta?.through_lsn !== undefined) {
          if (meta.through_lsn < lastSeen) throw new Error(`through_lsn ${meta.through_lsn} after ${lastSeen}`);
          lastSeen = meta.through_lsn;
          throughLsn = Math.max(throughLsn, lastSeen);
          yield reply(ack(lastSeen, 'memory'));
          while (hold) await Promise.race([held.promise, broken.promise]);
          yield reply(ack(lastSeen, 'object_storage'));
          for (const part of pending) commit(part);
          pending = [];
          committedThrough = Math.max(committedThrough, lastSeen);
          yield reply(ack(lastSeen, 'iceberg_committed'));
        }
      }
    } finally {
      breakers.delete(broken.reject);
    }
  }

  function commit(part: { tenant: string; table: string; batch: RecordBatch; runs: [number, number][] }): void {
    const name = `${part.tenant}/${part.table}`;
    const mark = marks.get(name) ?? 0;
    const column = part.batch.getChild('name') ?? part.batch.getChildAt(0)!;
    let row = 0;
    for (const [lsn, count] of part.runs) {
      for (let i = 0; i < count; i++, row++) {
        if (lsn > mark) rows.push({ tenant: part.tenant, table: part.table, lsn, name: column.get(row) });
      }
    }
    marks.set(name, Math.max(mark, part.runs.at(-1)![0]));
  }

  const writer: StandInWriter = {
    service: { doExchange },
    rows,
    messages,
    breakEvery: 0,
    get streams() {
      return streams;
    },
    get throughLsn() {
      return throughLsn;
    },
    get holdCommits() {
      return hold;
    },
    set holdCommits(value) {
      hold = value;
      if (!value) held.resolve();
      held = Promise.withResolvers<void>();
    },
    stall: () => {
      gate ??= Promise.withResolvers<void>();
    },
    resume: () => {
      gate?.resolve();
      gate = undefined;
    },
    breakStreams: () => {
      for (const reject of [...breakers]) reject(new GrpcError(Status.UNAVAILABLE, 'broken by the test'));
    },
  };
  return writer;
}

function checkOrder(meta: Record<string, unknown>, batch: RecordBatch, after: number): void {
  const runs = meta.runs as [number, number][];
  const total = runs.reduce((sum, [, count]) => sum + count, 0);
  if (total !== batch.numRows) throw new Error(`runs of ${total} rows for a batch of ${batch.numRows}`);
  if (runs[0]![0] !== meta.first_lsn || runs.at(-1)![0] !== meta.last_lsn) throw new Error('runs and LSNs differ');
  let last = after;
  for (const [lsn] of runs) {
    if (lsn <= last) throw new Error(`LSN ${lsn} came after ${last}`);
    last = lsn;
  }
}

function ack(lsn: number, level: string) {
  return { lsn, durability_level: level, timestamp_us: Date.now() * 1000, error: '' };
}

function reply(value: unknown): FlightMessage {
  return { appMetadata: Buffer.from(JSON.stringify(value)) };
}
