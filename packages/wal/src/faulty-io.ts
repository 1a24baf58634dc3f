import { createLogIo, type LogFile, type LogIo } from './log-io.ts';

export type LogOperation = 'create' | 'write' | 'sync' | 'truncate' | 'read' | 'syncFolder' | 'remove' | 'replaceText';

export interface FaultyLogIo extends LogIo {
  /** Operations so far; those of folders and small files under their own names. */
  readonly counts: Record<LogOperation, number>;
  /** Bytes given to `write`. */
  written: number;
  /** Makes the next operations of a kind fail with a system error's code; `partBytes` of a write are done first. */
  fail(operation: LogOperation, code: string, o?: { times?: number; partBytes?: number }): void;
  heal(): void;
  /** Operations of this kind wait until the function that is returned is called. */
  hold(operation: LogOperation): () => void;
}

/** The file system for tests: it counts, fails and waits on demand. */
export function createFaultyLogIo(): FaultyLogIo {
  const inner = createLogIo();
  const counts = { create: 0, write: 0, sync: 0, truncate: 0, read: 0, syncFolder: 0, remove: 0, replaceText: 0 };
  const faults = new Map<LogOperation, { code: string; left: number; partBytes: number }>();
  const gates = new Map<LogOperation, Promise<void>>();

  async function pass<T>(operation: LogOperation, run: () => Promise<T>, part?: (bytes: number) => Promise<void>) {
    counts[operation]++;
    await gates.get(operation);
    const fault = faults.get(operation);
    if (fault === undefined || fault.left <= 0) return run();
    fault.left--;
    await part?.(fault.partBytes);
    throw Object.assign(new Error(`${fault.code}: injected, ${operation}`), { code: fault.code, syscall: operation });
  }

  function wrap(file: LogFile): LogFile {
    return {
      ...file,
      read: (into, position) => pass('read', () => file.read(into, position)),
      write: (parts, position) =>
        pass(
          'write',
          async () => {
            io.written += parts.reduce((sum, bytes) => sum + bytes.length, 0);
            await file.write(parts, position);
          },
          (bytes) => file.write([Buffer.concat(parts).subarray(0, bytes)], position),
        ),
      sync: () => pass('sync', () => file.sync()),
      truncate: (size) => pass('truncate', () => file.truncate(size)),
    };
  }

  const io: FaultyLogIo = {
    ...inner,
    counts,
    written: 0,
    open: async (path, how) =>
      wrap(how === 'create' ? await pass('create', () => inner.open(path, how)) : await inner.open(path, how)),
    remove: (path) => pass('remove', () => inner.remove(path)),
    syncFolder: (path) => pass('syncFolder', () => inner.syncFolder(path)),
    replaceText: (path, text, sync) => pass('replaceText', () => inner.replaceText(path, text, sync)),
    fail: (operation, code, o = {}) => {
      faults.set(operation, { code, left: o.times ?? Number.POSITIVE_INFINITY, partBytes: o.partBytes ?? 0 });
    },
    heal: () => faults.clear(),
    hold: (operation) => {
      const gate = Promise.withResolvers<void>();
      gates.set(operation, gate.promise);
      return () => {
        gates.delete(operation);
        gate.resolve();
      };
    },
  };
  return io;
}
