import { type FlightClient, type FlightMessage, pathDescriptor } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import type { Cut } from './live-buffer.ts';
import { durabilityLevels } from './progress.ts';

export interface WriterStreamOptions {
  readonly client: FlightClient;
  readonly logId: string;
  readonly epoch: number;
  readonly acceptorId: string;
  /** All up to here is committed and needn't be sent; asked for once the writer has taken the log. */
  readonly committedLsn: () => number;
  /** What comes after an LSN. */
  readonly cutsAfter: (lsn: number, signal: AbortSignal) => AsyncIterable<Cut>;
  /** Ends the stream. */
  readonly signal: AbortSignal;
  readonly openMsMax: number;
  onOpen(): void;
  /** Before the first message of a cut goes out. */
  onSending(cut: Cut): void;
  /** When the last one was taken. */
  onSent(cut: Cut): void;
  onAck(ack: WriterAck): void;
}

export interface WriterAck {
  readonly lsn: number;
  readonly level: string;
  readonly error?: string;
}

/** Sends a log to a writer until the stream breaks or is ended. Rejects with what broke it. */
export async function streamToWriter(o: WriterStreamOptions): Promise<void> {
  const ended = new AbortController();
  const signal = AbortSignal.any([o.signal, ended.signal]);
  const opened = Promise.withResolvers<void>();
  opened.promise.catch(() => {});
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => {});
  const timer = setTimeout(() => {
    failure.reject(new GrpcError(Status.DEADLINE_EXCEEDED, `the writer didn't take the log within ${o.openMsMax} ms`));
    ended.abort();
  }, o.openMsMax);

  async function* outgoing(): AsyncGenerator<FlightMessage> {
    yield {
      descriptor: pathDescriptor('log', o.logId),
      appMetadata: json({
        log_id: o.logId,
        epoch: o.epoch,
        acceptor_id: o.acceptorId,
        requested_durability: 'iceberg_committed',
      }),
    };
    try {
      await opened.promise;
      const committedLsn = o.committedLsn();
      // A reader's barrier waits at the writer until all up to the log's end has come: what never comes is said to be there.
      if (committedLsn > 0) yield throughLsn(committedLsn);
      for await (const cut of o.cutsAfter(committedLsn, signal)) {
        o.onSending(cut);
        yield* messagesOf(cut);
        o.onSent(cut);
      }
    } catch (error) {
      if (signal.aborted) return;
      failure.reject(error);
      ended.abort();
    }
  }

  async function receive(): Promise<void> {
    let isFirst = true;
    for await (const message of o.client.doExchange(outgoing(), { signal })) {
      const answer = parse(message.appMetadata);
      if (answer === undefined) continue;
      if (isFirst) {
        isFirst = false;
        clearTimeout(timer);
        checkOpening(answer, o);
        o.onOpen();
        opened.resolve();
        continue;
      }
      const ack = ackOf(answer);
      if (ack) o.onAck(ack);
    }
    throw new GrpcError(Status.UNAVAILABLE, 'the writer ended the stream');
  }

  try {
    await Promise.race([receive(), failure.promise]);
  } catch (error) {
    if (ended.signal.aborted && !o.signal.aborted) await failure.promise; // why it was broken off, not that it was
    throw error;
  } finally {
    clearTimeout(timer);
    ended.abort();
    opened.reject(new Error('the stream has ended'));
  }
}

function* messagesOf(cut: Cut): Generator<FlightMessage> {
  for (const { tenant, table, tableUuid, batch, firstLsn, lastLsn, runs } of cut.batches) {
    const about = { tenant, table_name: table, table_uuid: tableUuid, first_lsn: firstLsn, last_lsn: lastLsn, runs };
    yield { batch, appMetadata: json(about) };
  }
  yield throughLsn(cut.throughLsn);
}

/** Everything up to this LSN has been sent. */
function throughLsn(lsn: number): FlightMessage {
  return { appMetadata: json({ through_lsn: lsn }) };
}

/** The writer's first answer repeats which log it took under which epoch. */
function checkOpening(answer: Record<string, unknown>, o: WriterStreamOptions): void {
  if (answer.log_id === o.logId && answer.epoch === o.epoch) return;
  const got = `log ${answer.log_id} with epoch ${answer.epoch}`;
  throw new GrpcError(Status.INTERNAL, `the writer took ${got}, not ${o.logId} with ${o.epoch}`);
}

function ackOf(answer: Record<string, unknown>): WriterAck | undefined {
  const { lsn, durability_level: level, error } = answer;
  if (!Number.isSafeInteger(lsn) || !(durabilityLevels as readonly unknown[]).includes(level)) return undefined;
  return { lsn: lsn as number, level: level as string, ...(typeof error === 'string' && error !== '' && { error }) };
}

function json(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

function parse(bytes: Uint8Array | undefined): Record<string, unknown> | undefined {
  if (bytes === undefined || bytes.length === 0) return undefined;
  const value: unknown = JSON.parse(Buffer.from(bytes).toString());
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}
