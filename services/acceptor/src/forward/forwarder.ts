import { setTimeout as pause } from 'node:timers/promises';
import {
  type ControlPlane,
  createBackoff,
  type FlightClients,
  type Membership,
  type ServiceEntry,
} from '@signaldb/component';
import type { Logger } from '@signaldb/runtime';
import type { Log } from '@signaldb/wal';
import type { Cut } from './live-buffer.ts';
import type { Progress } from './progress.ts';
import { streamToWriter, type WriterAck } from './writer-stream.ts';

export interface ForwarderOptions {
  readonly log: Pick<Log, 'id' | 'trimmedLsn' | 'trim'>;
  readonly controlPlane: Pick<ControlPlane, 'assignLog' | 'drainLog'>;
  readonly membership: Membership;
  readonly clients: Pick<FlightClients, 'get'>;
  readonly progress: Progress;
  readonly cutsAfter: (lsn: number, signal: AbortSignal) => AsyncIterable<Cut>;
  readonly rebalanceDelayMs: number;
  readonly openMsMax?: number;
  readonly logger: Logger;
  readonly onSent?: (cut: Cut) => void;
  readonly onBreak?: () => void;
}

/** The writer that has the log now. */
export interface Assignment {
  readonly writerId: string;
  readonly epoch: number;
}

/** Sends the log to one writer at a time, for as long as it runs, and trims what the writer has committed. */
export interface Forwarder {
  /** `undefined` while no writer has taken the log. */
  readonly assignment: Assignment | undefined;
  /** The assignment, waited for a while where there is none yet: an acceptor that has just started gets one soon. */
  assigned(waitMs: number): Promise<Assignment | undefined>;
  /** Whether a stream to a writer is open. */
  readonly connected: boolean;
  /** Ends the stream. When all is committed, readers are told that they needn't ask for this log. May be called twice. */
  close(o: { readonly drained: boolean }): Promise<void>;
}

export function startForwarder(o: ForwarderOptions): Forwarder {
  const { log, membership, progress, logger } = o;
  const stop = new AbortController();
  let assignment: Assignment | undefined;
  const firstAssignment = Promise.withResolvers<void>();
  let connected = false;
  let hasBroken = false;
  let closing: Promise<void> | undefined;

  async function run(): Promise<void> {
    const backoff = createBackoff({ firstMs: 50, maxMs: 1000 });
    while (!stop.signal.aborted) {
      const writer = await nextWriter();
      if (writer === undefined) return;
      try {
        await serve(writer, () => backoff.reset());
      } catch (error) {
        if (stop.signal.aborted) return;
        logger.warn({ err: error, writerId: writer.serviceId }, 'stream to the writer broke');
        o.onBreak?.();
      }
      connected = false;
      hasBroken = true;
      await backoff.wait(stop.signal);
    }
  }

  /** The live writer that the log belongs to, as soon as there is one and we are known ourselves. */
  async function nextWriter(): Promise<ServiceEntry | undefined> {
    const pick = () => (membership.registered ? membership.pick('writer', log.id) : undefined);
    for (;;) {
      if (stop.signal.aborted) return undefined;
      const writer = pick();
      if (writer) return writer;
      await changeOf(membership, stop.signal, 500);
    }
  }

  async function serve(writer: ServiceEntry, onOpen: () => void): Promise<void> {
    const writerId = writer.serviceId;
    const { epoch } = await o.controlPlane.assignLog({
      logId: log.id,
      acceptorId: membership.serviceId,
      writerId,
      renew: hasBroken, // the old stream may still be alive on the other side
    });
    assignment = { writerId, epoch };
    firstAssignment.resolve();
    const move = watchForMove(writerId);
    let sendingLsn = progress.reached('iceberg_committed');
    try {
      await streamToWriter({
        client: o.clients.get(writer.location),
        logId: log.id,
        epoch,
        acceptorId: membership.serviceId,
        committedLsn: () => progress.reached('iceberg_committed'),
        cutsAfter: o.cutsAfter,
        signal: AbortSignal.any([stop.signal, move.signal]),
        openMsMax: o.openMsMax ?? 10_000,
        onOpen: () => {
          connected = true;
          onOpen();
          logger.info(
            { writerId, epoch, fromLsn: progress.reached('iceberg_committed') + 1 },
            'log goes to the writer',
          );
        },
        onSending: (cut) => {
          sendingLsn = cut.throughLsn;
        },
        onSent: (cut) => o.onSent?.(cut),
        onAck: (ack) => onAck(ack, sendingLsn),
      });
    } finally {
      move.close();
    }
  }

  function onAck({ lsn, level, error }: WriterAck, sendingLsn: number): void {
    if (lsn > sendingLsn) {
      logger.error({ lsn, level, sendingLsn }, 'the writer confirms what it was not sent; ignored');
      return;
    }
    if (error) {
      logger.warn({ lsn, level, reason: error }, 'the writer reports a failure');
      return;
    }
    if (level !== 'object_storage' && level !== 'iceberg_committed') return;
    progress.raise(level, lsn);
    if (level === 'iceberg_committed') {
      log.trim(lsn).catch((err) => logger.error({ err }, 'the log could not be trimmed'));
    }
  }

  /** Fires when the log has belonged to another writer for a while: not at once, since states flicker. */
  function watchForMove(writerId: string): { signal: AbortSignal; close(): void } {
    const moved = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const look = () => {
      const owner = membership.pick('writer', log.id);
      if (owner === undefined || owner.serviceId === writerId) {
        clearTimeout(timer);
        timer = undefined;
        return;
      }
      timer ??= setTimeout(() => {
        logger.info({ from: writerId, to: owner.serviceId }, 'log moves to another writer');
        moved.abort(new Error('the log moves to another writer'));
      }, o.rebalanceDelayMs);
    };
    const stopWatching = membership.onChange(look);
    look();
    return {
      signal: moved.signal,
      close: () => {
        clearTimeout(timer);
        stopWatching();
      },
    };
  }

  const running = run();

  return {
    get assignment() {
      return assignment;
    },
    async assigned(waitMs) {
      if (!assignment)
        await Promise.race([firstAssignment.promise, pause(waitMs, undefined, { signal: stop.signal })]).catch(
          () => {},
        );
      return assignment;
    },
    get connected() {
      return connected;
    },
    close: ({ drained }) => {
      closing ??= (async () => {
        stop.abort(new Error('the acceptor is stopping'));
        await running;
        connected = false;
        if (!drained || !assignment) return;
        await o.controlPlane.drainLog({ logId: log.id, epoch: assignment.epoch }).catch((err) => {
          logger.warn({ err }, 'the log could not be marked as drained');
        });
      })();
      return closing;
    },
  };
}

/** Waits for the next change of the cluster, the signal, or some time, whichever comes first. */
async function changeOf(membership: Membership, signal: AbortSignal, ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const wake = () => resolve();
  const stop = membership.onChange(wake);
  const timer = setTimeout(wake, ms);
  signal.addEventListener('abort', wake, { once: true });
  await promise;
  stop();
  clearTimeout(timer);
  signal.removeEventListener('abort', wake);
}
