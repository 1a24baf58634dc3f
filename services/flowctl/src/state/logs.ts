import { type CommandOf, done, type Outcome, refused } from './command.ts';
import { type FlowState, type LogRecord, withEntry } from './state.ts';

type Step<T> = readonly [state: FlowState, outcome: Outcome<T>];

/** Answers with the assignment's epoch: the one it had, where nothing about it changed. */
export function assignLog(state: FlowState, command: CommandOf<'assign-log'>): Step<number> {
  const { logId, acceptorId, writerId, renew } = command;
  const acceptor = state.services.get(acceptorId);
  const writer = state.services.get(writerId);
  if (!acceptor) return [state, refused('NOT_FOUND', `The acceptor "${acceptorId}" isn't registered.`)];
  if (!writer) return [state, refused('NOT_FOUND', `The writer "${writerId}" isn't registered.`)];
  const held = state.logs.get(logId);
  const next: LogRecord = {
    logId,
    acceptorId,
    writerId,
    drained: false,
    acceptorEpoch: acceptor.epoch,
    writerEpoch: writer.epoch,
    epoch: (held?.epoch ?? 0) + 1,
  };
  if (held && !renew && isSame(held, next)) return [state, done(held.epoch)];
  return [{ ...state, logs: withEntry(state.logs, logId, next), revision: state.revision + 1 }, done(next.epoch)];
}

function isSame(a: LogRecord, b: LogRecord): boolean {
  return (
    a.acceptorId === b.acceptorId &&
    a.writerId === b.writerId &&
    a.acceptorEpoch === b.acceptorEpoch &&
    a.writerEpoch === b.writerEpoch &&
    a.drained === b.drained
  );
}

export function drainLog(state: FlowState, { logId, epoch }: CommandOf<'drain-log'>): Step<void> {
  const held = state.logs.get(logId);
  if (!held) return [state, refused('NOT_FOUND', `No log "${logId}".`)];
  if (held.epoch !== epoch)
    return [state, refused('FAILED_PRECONDITION', `The log "${logId}" is at epoch ${held.epoch}, not ${epoch}.`)];
  if (held.drained) return [state, done(undefined)];
  return [
    { ...state, logs: withEntry(state.logs, logId, { ...held, drained: true }), revision: state.revision + 1 },
    done(undefined),
  ];
}
