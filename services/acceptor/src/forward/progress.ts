/** How safe data is, the least first. */
export const durabilityLevels = ['memory', 'disk', 'replicated', 'object_storage', 'iceberg_committed'] as const;
export type DurabilityLevel = (typeof durabilityLevels)[number];

/** The levels that a writer confirms. */
export type WriterLevel = 'object_storage' | 'iceberg_committed';

/** How far the writers have got with the log: every row up to the LSN has the level. Never goes back. */
export interface Progress {
  reached(level: WriterLevel): number;
  raise(level: WriterLevel, lsn: number): void;
  /** Calls back after every rise. Returns the way to stop that. */
  onChange(listener: () => void): () => void;
  /** Resolves when everything up to `lsn` is committed, rejects with the signal's reason. */
  committed(lsn: number, signal: AbortSignal): Promise<void>;
}

export function createProgress(committedLsn: number): Progress {
  const listeners = new Set<() => void>();
  const lsns: Record<WriterLevel, number> = { object_storage: committedLsn, iceberg_committed: committedLsn };
  const progress: Progress = {
    reached: (level) => lsns[level],
    raise: (level, lsn) => {
      if (lsn <= lsns[level]) return;
      lsns[level] = lsn;
      if (level === 'iceberg_committed') lsns.object_storage = Math.max(lsns.object_storage, lsn);
      for (const listener of [...listeners]) listener();
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    committed: async (lsn, signal) => {
      if (lsns.iceberg_committed >= lsn) return;
      signal.throwIfAborted();
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const abort = () => reject(signal.reason);
      const stop = progress.onChange(() => {
        if (lsns.iceberg_committed >= lsn) resolve();
      });
      signal.addEventListener('abort', abort, { once: true });
      try {
        await promise;
      } finally {
        stop();
        signal.removeEventListener('abort', abort);
      }
    },
  };
  return progress;
}
