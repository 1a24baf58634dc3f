import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { GrpcError, Status } from '@signaldb/grpc';
import { type Logger, StartupError } from '@signaldb/runtime';
import { type Log, openLog } from '@signaldb/wal';
import type { Machine } from './machine.ts';
import { readSnapshot, type Snapshot, writeSnapshot } from './snapshot-file.ts';
import type { Command, Outcome } from './state/command.ts';
import { reduce } from './state/reduce.ts';
import type { FlowState } from './state/state.ts';

export interface EmbeddedMachineOptions {
  readonly dir: string;
  readonly logger: Logger;
  /** A snapshot is taken, and the journal cut, after so many commands. */
  readonly snapshotEveryCommands: number;
  /** The journal can't be written any more: the process has to end. */
  readonly onFatal: (error: unknown) => void;
}

export interface EmbeddedMachine extends Machine {
  /** Waits for what was proposed, then lets go of the folder. */
  close(): Promise<void>;
}

/** Kind of a journal record that holds one command as JSON. */
const commandKind = 1;

/**
 * The state machine on one node: every command is on disk before it takes effect, a start reads the newest snapshot and replays the
 * journal after it. Layout: `snapshot-<lsn>`, `journal/`.
 */
export async function openEmbeddedMachine({
  dir,
  logger,
  snapshotEveryCommands,
  onFatal,
}: EmbeddedMachineOptions): Promise<EmbeddedMachine> {
  await mkdir(dir, { recursive: true });
  const log = await openLog({ dir: join(dir, 'journal') });
  const snapshot = await recover(log, dir, logger).catch(async (error) => {
    await log.close();
    throw error;
  });
  let state = snapshot.state;
  let appliedLsn = log.nextLsn - 1;
  let snapshotLsn = snapshot.lsn;
  let snapshotting: Promise<void> | undefined;
  let tail: Promise<unknown> = Promise.resolve();
  let failure: Error | undefined;
  const listeners = new Set<(state: FlowState) => void>();
  logger.info({ snapshotLsn, commands: appliedLsn - snapshotLsn }, 'state recovered');

  function apply(lsn: number, command: Command): Outcome {
    const [next, outcome] = reduce(state, command);
    appliedLsn = lsn;
    if (next !== state) {
      state = next;
      for (const listener of [...listeners]) listener(state);
    }
    if (appliedLsn - snapshotLsn >= snapshotEveryCommands) snapshotting ??= takeSnapshot();
    return outcome;
  }

  async function takeSnapshot(): Promise<void> {
    const lsn = appliedLsn;
    try {
      const unneededThrough = await writeSnapshot(dir, { lsn, state });
      snapshotLsn = lsn;
      if (unneededThrough > 0) await log.trim(unneededThrough);
    } catch (error) {
      logger.error({ err: error }, 'snapshot failed; the journal grows until the next one');
      snapshotLsn = lsn;
    } finally {
      snapshotting = undefined;
    }
  }

  function append(command: Command): Promise<Outcome> {
    const { lsn, durable } = log.append({
      kind: commandKind,
      tenant: '',
      payload: Buffer.from(JSON.stringify(command)),
    });
    // Applied in the order of the journal, whatever the order in which the waits end.
    const applied = Promise.all([durable, tail]).then(() => apply(lsn, command));
    tail = applied.catch(() => {});
    return applied;
  }

  return {
    get state() {
      return state;
    },
    async propose(command) {
      if (failure) throw new GrpcError(Status.UNAVAILABLE, 'The control plane has failed and is about to end.');
      try {
        return await append(command);
      } catch (error) {
        if (log.failure && !failure) onFatal(error);
        failure ??= log.failure;
        throw new GrpcError(
          Status.UNAVAILABLE,
          `The control plane can't write its journal: ${(error as Error).message}`,
          undefined,
          { cause: error },
        );
      }
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      failure ??= new Error('closed');
      await tail;
      await snapshotting;
      await log.close();
    },
  };
}

/** The newest snapshot that can be read, and the state after all that the journal holds. */
async function recover(log: Log, dir: string, logger: Logger): Promise<Snapshot> {
  const { lsn, state } = await readSnapshot(dir, (file, why) => {
    logger.error({ file, why }, 'snapshot not usable, trying the one before');
  });
  return { lsn, state: await replay(log, lsn, state) };
}

async function replay(log: Log, fromLsn: number, state: FlowState): Promise<FlowState> {
  if (log.nextLsn <= fromLsn || log.firstLsn > fromLsn + 1) {
    throw new StartupError(
      'FOLDER_INVALID',
      `The journal of the control plane holds ${log.firstLsn} to ${log.nextLsn - 1}, and its snapshot ends at ${fromLsn}: something in between is missing. Restore the folder from a backup.`,
    );
  }
  for await (const record of log.read(fromLsn + 1)) {
    if (record.kind !== commandKind) continue;
    [state] = reduce(state, JSON.parse(Buffer.from(record.payload).toString('utf8')) as Command);
  }
  return state;
}
